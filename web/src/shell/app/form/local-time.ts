const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/u;

/** Converts the value of a `datetime-local` input from the reader's zone. */
export function fromLocal(local: string): string | undefined {
  if (!LOCAL.test(local)) return undefined;
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace(/(:00)?\.\d+Z$/u, '$1Z');
}

const two = (part: number) => String(part).padStart(2, '0');

/** Converts a time for a `datetime-local` input, to the minute. */
export function toLocal(instant: string | undefined): string {
  const at = instant ? new Date(instant) : null;
  if (!at || Number.isNaN(at.getTime())) return '';
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
