import type { Format } from '@/shell/i18n/format';
import type { Language } from '@/shell/i18n/language';
import type { StageWords } from '../stages/text';
import type {
  Approver,
  Comparison,
  Condition,
  Deadline,
  Fact,
  Kind,
  Needs,
  PermissionName,
  PolicyDocument,
  Stage,
  Value,
} from './document';
import { inputOf } from './facts';
import type { SentenceWords } from './sentence-text';

/** Names by key; a key without a name stands for itself. */
export interface KnownNames {
  groups: ReadonlyMap<string, string>;
  offerings: ReadonlyMap<string, string>;
  people: ReadonlyMap<string, string>;
}

/** Means to put a policy into words: texts, formats and names. */
export interface Speech {
  t: SentenceWords;
  /** Words for limits and weekdays, as the reasons of a request use them. */
  stages: StageWords;
  format: Format;
  language: Language;
  names: KnownNames;
}

/** The policy in plain language, one paragraph each for its scope, rules and stages. */
export function sentencesOf(document: PolicyDocument, speech: Speech): string[] {
  const { auto_approve: rules = [], stages = [] } = document;
  const { t, language } = speech;
  const isEmpty = rules.length === 0 && stages.length === 0;
  return [
    scopeOf(document, speech),
    ...rules.map(rule => t.rule(rule.name[language] || t.unnamed, conditionOr(rule.when, speech))),
    ...stages.map(stage => stageSentence(stage, stages, speech)),
    ...(isEmpty ? [t.nothing] : []),
  ];
}

export function scopeOf({ applies_to: appliesTo }: PolicyDocument, speech: Speech): string {
  const { t, format } = speech;
  const changes = format.allOf(appliesTo.kinds.map(kind => t.kinds[kind])) || t.noKind;
  return appliesTo.when ? t.appliesIf(changes, conditionPhrase(appliesTo.when, speech)) : t.applies(changes);
}

export function conditionOr(condition: Condition | undefined, speech: Speech): string {
  return condition ? conditionPhrase(condition, speech) : speech.t.noCondition;
}

function stageSentence(stage: Stage, stages: readonly Stage[], speech: Speech): string {
  const { t } = speech;
  return [
    startOf(stage, stages, speech),
    stage.when ? t.onlyIf(conditionPhrase(stage.when, speech)) : null,
    t.asked(peopleOf(stage.approvers, speech), needsPhrase(stage.needs, speech)),
    stage.deadline ? deadlineSentences(stage.deadline, speech) : null,
  ]
    .filter(Boolean)
    .join(' ');
}

export function startOf(stage: Stage, stages: readonly Stage[], speech: Speech): string {
  const { t, format, language } = speech;
  const nameOf = (one: Stage | undefined, key: string) => (one ? one.name[language] || t.unnamed : key);
  const own = nameOf(stage, stage.key);
  const before = (stage.after ?? []).map(key =>
    t.stage(
      nameOf(
        stages.find(one => one.key === key),
        key,
      ),
    ),
  );
  return before.length > 0 ? t.afterStages(own, format.allOf(before)) : t.once(own);
}

export function needsPhrase(needs: Needs, { t }: Speech): string {
  return typeof needs === 'string' ? t.needs[needs] : t.needs.atLeast(String(needs.at_least) || t.open);
}

export function peopleOf(approvers: readonly Approver[], speech: Speech): string {
  return speech.format.allOf(approvers.map(approver => personPhrase(approver, speech))) || speech.t.open;
}

function personPhrase(approver: Approver, { t, names }: Speech): string {
  const words = t.people;
  if ('manager_of' in approver) return words.manager;
  if ('group' in approver) return words.group(names.groups.get(approver.group) || approver.group || t.open);
  if ('actor' in approver) return words.person(names.people.get(approver.actor) || approver.actor || t.open);
  return words.permissions[approver.permission as PermissionName] ?? words.right(approver.permission);
}

export function deadlineSentences(deadline: Deadline, speech: Speech): string {
  const { t, format } = speech;
  const { remind_after: reminders = [], escalate = [] } = deadline;
  const hours = (count: Value) => t.hours(String(count) || t.open);
  return [
    t.deadline(hours(deadline.hours)),
    ...(reminders.length > 0 ? [t.reminders(format.allOf(reminders.map(hours)))] : []),
    ...escalate.map(step => t.escalation(personPhrase(step.to, speech), hours(step.hours))),
    t.finally[deadline.finally],
  ].join(' ');
}

export function conditionPhrase(condition: Condition, speech: Speech): string {
  const { t, format } = speech;
  if ('all' in condition) return format.allOf(parts(condition.all, speech)) || t.noCondition;
  if ('any' in condition) return format.anyOf(parts(condition.any, speech)) || t.noCondition;
  if ('not' in condition) return t.none(inner(condition.not, speech));
  return comparisonPhrase(condition, speech);
}

const parts = (conditions: readonly Condition[], speech: Speech) => conditions.map(one => inner(one, speech));

/** A list of several conditions within another condition is in brackets. */
function inner(condition: Condition, speech: Speech): string {
  const phrase = conditionPhrase(condition, speech);
  const list = 'all' in condition ? condition.all : 'any' in condition ? condition.any : [];
  return list.length > 1 ? `(${phrase})` : phrase;
}

function comparisonPhrase({ fact, is, value }: Comparison, speech: Speech): string {
  const { t, stages, format } = speech;
  const values = Array.isArray(value) ? value : [value];
  const shown = format.anyOf(values.map(one => shownValue(fact, one, speech))) || t.open;
  const limit = stages.limits[is as keyof StageWords['limits']];
  return t.facts[fact](limit ? limit(shown) : shown);
}

function shownValue(fact: Fact, value: Value, { t, stages, format, names }: Speech): string {
  if (value === '') return inputOf(fact) === 'text' ? t.empty : t.open;
  switch (inputOf(fact)) {
    case 'money':
      return typeof value === 'number' ? format.money(value, 'EUR') : value;
    case 'weekday':
      return stages.weekdays[Number(value) as keyof StageWords['weekdays']] ?? String(value);
    case 'kind':
      return t.kind[value as Kind] ?? String(value);
    case 'offering':
      return names.offerings.get(String(value)) ?? String(value);
    case 'group':
      return names.groups.get(String(value)) ?? String(value);
    default:
      return counted(fact, value, format);
  }
}

function counted(fact: Fact, value: Value, format: Format): string {
  const number = typeof value === 'number' ? format.number(value) : value;
  return fact === 'memory_gb' ? `${number} GB` : number;
}
