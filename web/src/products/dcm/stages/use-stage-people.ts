import { useMemo } from 'react';
import { useSession } from '@/shell/api/session';
import { type ApprovalRow, type Asked, approvalOf, decisionsOf } from './approval';
import { openStages } from './chain';
import { usePeopleAsked } from './people-asked';
import { useMemberNames } from './use-member-names';

/** Codes of waits in which the host lists the requester instead of approvers. */
const FOR_REQUESTER: ReadonlySet<string> = new Set(['answer', 'confirm-changes']);

interface StageRow extends ApprovalRow {
  requester_id: string | null;
  waiting: { code: string; people: string[] } | null;
}

export interface StagePeople {
  people: (asked: Asked) => string;
  /** Names by actor id that the page knows. */
  names: ReadonlyMap<string, string>;
  /** People who have not decided; empty if several stages are open, because the host lists all. */
  missing: readonly string[];
}

/**
 * People of a row's stages, by the names that the row contains, and for people who read the
 * directory by those of the members.
 */
export function useStagePeople(row: StageRow): StagePeople {
  const { actor, name } = useSession();
  const { requester_id, requester_name } = row;
  const decisions = decisionsOf(row);
  const own = useMemo(() => {
    const known = new Map([[actor, name]]);
    if (requester_id && requester_name) known.set(requester_id, requester_name);
    for (const one of decisions) if (one.approver_name) known.set(one.approver_id, one.approver_name);
    return known;
  }, [actor, name, requester_id, requester_name, decisions]);
  const members = useMemberNames(actorsOf(row).filter(id => !own.has(id)));
  const names = useMemo(() => new Map([...members, ...own]), [members, own]);
  const people = usePeopleAsked({ requester_name, names });
  const decides = !FOR_REQUESTER.has(row.waiting?.code ?? '') && openStages(row).length === 1;
  const missing = decides ? (row.waiting?.people ?? []) : [];
  return { people, names, missing };
}

/** Ids of the people whom the stages name: asked, passed on, or represented by a deputy. */
function actorsOf(row: StageRow): string[] {
  const { plan, stages } = approvalOf(row) ?? NONE;
  const asked = [
    ...plan.stages.flatMap(stage => stage.approvers),
    ...Object.values(stages).flatMap(stage => stage.asked.flat()),
  ];
  return [
    ...asked.flatMap(one => ('actor' in one ? [one.actor] : [])),
    ...Object.values(stages).flatMap(stage => stage.passed_on.flatMap(({ from, to }) => [from, to])),
    ...decisionsOf(row).flatMap(one => one.on_behalf_of_id ?? []),
  ];
}

const NONE = { plan: { policies: [], auto: [], stages: [] }, stages: {} };
