import { Problem } from '@/shell/api/problem';
import type { Member, MemberBody } from './members';

/** Values of the form of a member. */
export interface MemberValues {
  /** Whether the member has the role. */
  roles: Record<string, boolean>;
  /** Id of the manager; empty: none. */
  manager: string;
  managerName: string;
  cost_centre: string;
}

export function toValues(member: Member, roles: readonly string[]): MemberValues {
  return {
    roles: Object.fromEntries(roles.map(role => [role, member.roles.includes(role)])),
    manager: member.manager?.actor ?? '',
    managerName: member.manager?.name ?? '',
    cost_centre: member.cost_centre,
  };
}

export function toBody({ roles, manager, cost_centre }: MemberValues): MemberBody {
  return {
    roles: Object.keys(roles).filter(role => roles[role]),
    manager: manager || null,
    cost_centre,
  };
}

/** Moves an error at one role to the group of roles, which is one field of the form. */
export function atRoles(cause: unknown): unknown {
  if (!(cause instanceof Problem)) return cause;
  return cause.moved(pointer => (pointer.startsWith('/roles/') ? '/roles' : pointer));
}
