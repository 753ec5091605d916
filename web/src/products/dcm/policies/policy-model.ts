import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { Language } from '@/shell/i18n/language';
import {
  type GroupForm,
  type Mistake,
  NO_CONDITION,
  type Writing,
  joined,
  readCondition,
  splitList,
  writeCondition,
} from './condition-form';
import {
  type Approver,
  type AutoRule,
  type Deadline,
  type Finally,
  KINDS,
  type Kind,
  type Names,
  type PolicyDocument,
  type Stage,
  type Value,
} from './document';

export interface ApproverForm {
  by: 'group' | 'permission' | 'manager_of' | 'actor';
  /** Key of the group, name of the permission, or id of the person. */
  value: string;
}

export interface EscalationForm {
  to: ApproverForm;
  hours: string;
}

export interface DeadlineForm {
  hours: string;
  /** Hours, separated by semicolons. */
  remind_after: string;
  escalate: EscalationForm[];
  finally: Finally;
}

export interface StageForm extends Names {
  key: string;
  /** Beginning of the stage: at once, after the previous stage of the list, or after `after`. */
  starts: 'once' | 'previous' | 'chosen';
  after: string[];
  when: GroupForm;
  approvers: ApproverForm[];
  needs: 'any' | 'all' | 'at_least';
  at_least: string;
  deadline: DeadlineForm | null;
}

export interface RuleForm extends Names {
  key: string;
  when: GroupForm;
}

/** Policy document as the form shows it, with numbers as typed and amounts in euros. */
export interface PolicyForm {
  kinds: Kind[];
  when: GroupForm;
  rules: RuleForm[];
  stages: StageForm[];
  allow_timeout_approval: boolean;
}

/** Pointer of the document in the command `draft-policy`. */
export const DOCUMENT = '/document';

export const NEW_APPROVER: ApproverForm = { by: 'permission', value: 'approve' };
export const NEW_DEADLINE: DeadlineForm = { hours: '16', remind_after: '', escalate: [], finally: 'expire' };

export const BLANK: PolicyForm = {
  kinds: ['vm.create'],
  when: NO_CONDITION,
  rules: [],
  stages: [],
  allow_timeout_approval: false,
};

export function toForm(document: PolicyDocument, language: Language): PolicyForm {
  const { applies_to: appliesTo, auto_approve: rules = [], stages = [] } = document;
  return {
    kinds: KINDS.filter(kind => appliesTo.kinds.includes(kind)),
    when: readCondition(appliesTo.when, language),
    rules: rules.map(({ key, name, when }) => ({
      key,
      de: name.de,
      en: name.en,
      when: readCondition(when, language),
    })),
    stages: stages.map((stage, index) => readStage(stage, stages[index - 1]?.key, language)),
    allow_timeout_approval: document.allow_timeout_approval ?? false,
  };
}

function readStage(stage: Stage, previous: string | undefined, language: Language): StageForm {
  const { key, name, after = [], needs, deadline } = stage;
  const follows = after.length === 1 && after[0] === previous;
  const isFirst = previous === undefined && after.length === 0;
  const starts = follows || isFirst ? 'previous' : after.length === 0 ? 'once' : 'chosen';
  return {
    key,
    de: name.de,
    en: name.en,
    starts,
    after: starts === 'chosen' ? after : [],
    when: readCondition(stage.when, language),
    approvers: stage.approvers.map(readApprover),
    needs: typeof needs === 'string' ? needs : 'at_least',
    at_least: typeof needs === 'string' ? '2' : String(needs.at_least),
    deadline: deadline ? readDeadline(deadline) : null,
  };
}

function readApprover(approver: Approver): ApproverForm {
  const [entry] = Object.entries(approver) as [ApproverForm['by'], string][];
  return entry ? { by: entry[0], value: entry[1] } : NEW_APPROVER;
}

function readDeadline({
  hours,
  remind_after: reminders = [],
  escalate = [],
  ...rest
}: Deadline): DeadlineForm {
  return {
    hours: String(hours),
    remind_after: joined(reminders.map(String)),
    escalate: escalate.map(step => ({ to: readApprover(step.to), hours: String(step.hours) })),
    finally: rest.finally,
  };
}

/** Error that the page finds, because no document can contain the input. */
export interface FoundMistake {
  pointer: string;
  mistake: Mistake;
}

/** Converts a form to a document. Order and indices stay, so that the host's pointers match. */
export function toDocument(form: PolicyForm, language: Language) {
  const mistakes: FoundMistake[] = [];
  const refuse = (pointer: string, mistake: Mistake) => mistakes.push({ pointer, mistake });
  const writing: Writing = { language, refuse };
  const condition = (group: GroupForm, pointer: string) => {
    const when = writeCondition(group, pointer, writing);
    return when ? { when } : {};
  };
  const rule = (one: RuleForm, index: number): AutoRule => {
    const place = `${DOCUMENT}/auto_approve/${index}/when`;
    if (one.when.parts.length === 0) refuse(place, 'condition');
    return { key: one.key, name: writeNames(one), ...condition(one.when, place) };
  };
  const document: PolicyDocument = {
    applies_to: { kinds: form.kinds, ...condition(form.when, `${DOCUMENT}/applies_to/when`) },
    auto_approve: form.rules.map(rule),
    stages: form.stages.map((stage, index) => ({
      ...writeStage(stage, index, form.stages[index - 1], writing),
      ...condition(stage.when, `${DOCUMENT}/stages/${index}/when`),
    })),
    allow_timeout_approval: form.allow_timeout_approval,
  };
  return { document, mistakes };
}

const writeNames = ({ de, en }: Names): Names => ({ de: normalizeInput(de), en: normalizeInput(en) });

function writeStage(
  stage: StageForm,
  index: number,
  previous: StageForm | undefined,
  writing: Writing,
): Stage {
  const { key, starts, needs, deadline } = stage;
  const place = `${DOCUMENT}/stages/${index}`;
  const before = starts === 'previous' && previous ? [previous.key] : [];
  const after = starts === 'chosen' ? stage.after : before;
  return {
    key,
    name: writeNames(stage),
    ...(after.length > 0 ? { after } : {}),
    approvers: stage.approvers.map((one, at) => writeApprover(one, `${place}/approvers/${at}`, writing)),
    needs: needs === 'at_least' ? { at_least: whole(stage.at_least, `${place}/needs`, writing) } : needs,
    ...(deadline ? { deadline: writeDeadline(deadline, `${place}/deadline`, writing) } : {}),
  };
}

function writeApprover({ by, value }: ApproverForm, pointer: string, { refuse }: Writing): Approver {
  if (by === 'manager_of') return { manager_of: 'requester' };
  const named = normalizeInput(value);
  if (named === '') refuse(pointer, 'choice');
  return { [by]: named } as Approver;
}

function writeDeadline(form: DeadlineForm, place: string, writing: Writing): Deadline {
  const reminders = splitList(form.remind_after);
  return {
    hours: whole(form.hours, `${place}/hours`, writing),
    remind_after: reminders.map(hours => whole(hours, `${place}/remind_after`, writing)),
    escalate: form.escalate.map((step, index) => ({
      to: writeApprover(step.to, `${place}/escalate/${index}/to`, writing),
      hours: whole(step.hours, `${place}/escalate/${index}/hours`, writing),
    })),
    finally: form.finally,
  };
}

function whole(typed: string, pointer: string, { refuse }: Writing): Value {
  const number = readWholeNumber(typed);
  if (number === null) refuse(pointer, 'whole-number');
  return number ?? typed;
}
