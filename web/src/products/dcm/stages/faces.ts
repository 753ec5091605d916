import type { Decision } from './approval';
import type { ChainStage } from './chain';

/** Person of a stage as its picture shows them. */
export interface StageFace {
  /** Null: the person was erased. */
  name: string | null;
  /** Null: the person has not decided. */
  verdict: Decision['verdict'] | null;
}

/**
 * People of a stage whom the page knows by name: those who decided, then those who can still do
 * so. A stage that is not open has the people whom its plan names.
 */
export function facesOf(
  { decisions, planned, progress, state }: ChainStage,
  names: ReadonlyMap<string, string>,
  missing: readonly string[],
): StageFace[] {
  const decided = decisions.map(({ approver_name, verdict }) => ({ name: approver_name, verdict }));
  const asked = (progress?.asked.flat() ?? planned.approvers).flatMap(one =>
    'actor' in one ? (names.get(one.actor) ?? []) : [],
  );
  const waits = state === 'open' || state === 'later';
  const others = waits ? (state === 'open' && missing.length > 0 ? missing : asked) : [];
  const shown = new Set(decided.map(({ name }) => name));
  const undecided = [...new Set(others)].filter(name => !shown.has(name));
  return [...decided, ...undecided.map(name => ({ name, verdict: null }))];
}
