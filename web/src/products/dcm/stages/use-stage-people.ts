import { useMemo } from 'react';
import { useSession } from '@/shell/api/session';
import { type ApprovalRow, type Asked, decisionsOf } from './approval';
import { openStages } from './chain';
import { usePeopleAsked } from './people-asked';

interface StageRow extends ApprovalRow {
  requester_id: string | null;
  waiting: { people: string[] } | null;
}

export interface StagePeople {
  people: (asked: Asked) => string;
  /** Names by actor id that the page knows. */
  names: ReadonlyMap<string, string>;
  /** People who have not decided; empty if several stages are open, because the host lists all. */
  missing: readonly string[];
}

/** People of a row's stages, by the names that the row contains. */
export function useStagePeople(row: StageRow): StagePeople {
  const { actor, name } = useSession();
  const { requester_id, requester_name } = row;
  const decisions = decisionsOf(row);
  const names = useMemo(() => {
    const known = new Map([[actor, name]]);
    if (requester_id && requester_name) known.set(requester_id, requester_name);
    for (const one of decisions) if (one.approver_name) known.set(one.approver_id, one.approver_name);
    return known;
  }, [actor, name, requester_id, requester_name, decisions]);
  const people = usePeopleAsked({ requester_name, names });
  const missing = openStages(row).length === 1 ? (row.waiting?.people ?? []) : [];
  return { people, names, missing };
}
