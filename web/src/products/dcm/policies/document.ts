/** Policy document, as the commands and views of policies contain it. */
export interface PolicyDocument {
  applies_to: { kinds: Kind[]; when?: Condition };
  auto_approve?: AutoRule[];
  stages?: Stage[];
  allow_timeout_approval?: boolean;
}

export const KINDS = ['vm.create', 'vm.decommission'] as const;
export type Kind = (typeof KINDS)[number];

export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | Comparison;

export interface Comparison {
  fact: Fact;
  is: Operator;
  value: Value | Value[];
}

/** A text in place of a number is input that is no number. */
export type Value = number | string;

export const FACT_NAMES = [
  'monthly_cents',
  'total_cents',
  'cpus',
  'memory_gb',
  'term_months',
  'machines',
  'offering',
  'cost_centre',
  'requester_groups',
  'kind',
  'weekday',
  'hour',
] as const;
export type Fact = (typeof FACT_NAMES)[number];

export type Operator = 'gt' | 'ge' | 'lt' | 'le' | 'eq' | 'ne' | 'in' | 'contains';

export interface Names {
  de: string;
  en: string;
}

export interface AutoRule {
  key: string;
  name: Names;
  /** Absent only in a document that the host refuses. */
  when?: Condition;
}

export interface Stage {
  key: string;
  name: Names;
  after?: string[];
  when?: Condition;
  approvers: Approver[];
  needs: Needs;
  deadline?: Deadline;
}

export type Approver =
  { group: string } | { permission: string } | { manager_of: 'requester' } | { actor: string };

export type Needs = 'any' | 'all' | { at_least: Value };

/** Hours are business hours. */
export interface Deadline {
  hours: Value;
  remind_after?: Value[];
  escalate?: { to: Approver; hours: Value }[];
  finally: Finally;
}

export type Finally = 'expire' | 'approve';

/** Permissions whose holders a policy may ask. */
export const PERMISSIONS = ['approve', 'operate', 'policy', 'offer', 'audit', 'request'] as const;
export type PermissionName = (typeof PERMISSIONS)[number];
