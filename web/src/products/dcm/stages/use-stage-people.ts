import { useMemo } from 'react';
import { useSession } from '@/shell/api/session';
import { type ApprovalRow, type Asked, decisionsOf } from './approval';
import { openStages } from './chain';
import { namedPeople } from './named-people';
import { usePeopleAsked } from './people-asked';

/** Codes of waits in which the host lists the requester instead of approvers. */
const FOR_REQUESTER: ReadonlySet<string> = new Set(['answer', 'confirm-changes']);

interface StageRow extends ApprovalRow {
  requester_id: string | null;
  waiting: { code: string; people: string[] } | null;
  people?: Record<string, string | null> | undefined;
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
  const { requester_id, requester_name, people: named } = row;
  const decisions = decisionsOf(row);
  const names = useMemo(() => {
    const known = namedPeople({ people: named });
    known.set(actor, name);
    if (requester_id && requester_name) known.set(requester_id, requester_name);
    for (const one of decisions) if (one.approver_name) known.set(one.approver_id, one.approver_name);
    return known;
  }, [actor, name, requester_id, requester_name, named, decisions]);
  const people = usePeopleAsked({ requester_name, names });
  const decides = !FOR_REQUESTER.has(row.waiting?.code ?? '') && openStages(row).length === 1;
  const missing = decides ? (row.waiting?.people ?? []) : [];
  return { people, names, missing };
}
