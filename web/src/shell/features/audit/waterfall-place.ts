import type { Step } from './audit-row';

export interface Placed extends Step {
  /** Index from 0. */
  nr: number;
  /** Milliseconds since the start of the first step. */
  after: number;
  /** Duration in milliseconds; undefined: an instant, or not ended. */
  lasted: number | null;
  /** Offset in percent of the total. */
  left: number;
  width: number;
}

/** Places each step in the total time. */
export function place(steps: Step[]): Placed[] {
  const begin = Math.min(...steps.map(step => Date.parse(step.at)));
  const end = Math.max(...steps.map(step => Date.parse(step.ended_at ?? step.at)));
  const whole = Math.max(end - begin, 1);
  return steps.map((step, nr) => {
    const after = Date.parse(step.at) - begin;
    const lasted = step.ended_at ? Math.max(Date.parse(step.ended_at) - Date.parse(step.at), 0) : null;
    const left = (after / whole) * 100;
    return { ...step, nr, after, lasted, left, width: Math.min(((lasted ?? 0) / whole) * 100, 100 - left) };
  });
}

const UNITS: [name: string, milliseconds: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Formats a duration with its two largest units: `4.2 s`, `10 min 12 s`, `90 ms`. */
export function span(milliseconds: number, number: (value: number) => string): string {
  if (milliseconds < 1_000) return `${number(Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${number(Math.round(milliseconds / 100) / 10)} s`;
  const at = UNITS.findIndex(([, length]) => milliseconds >= length);
  const [first, second] = [UNITS[at], UNITS[at + 1]];
  if (!first || !second) return `${number(milliseconds)} ms`;
  const whole = Math.floor(milliseconds / first[1]);
  const rest = Math.floor((milliseconds % first[1]) / second[1]);
  return rest > 0 ? `${number(whole)} ${first[0]} ${rest} ${second[0]}` : `${number(whole)} ${first[0]}`;
}
