import type { ChangeWords } from './changes-text';
import type { AutoRule, Names, PolicyDocument, Stage } from './document';
import {
  type Speech,
  conditionOr,
  conditionPhrase,
  deadlineSentences,
  needsPhrase,
  peopleOf,
  scopeOf,
  startOf,
} from './sentence';

/** Name and document of one version. */
export interface Version {
  name: Names;
  document: PolicyDocument;
}

/** Part of a policy in words, which two versions have in common. */
interface Part {
  label: string;
  before: string;
  now: string;
}

/** Differences between two versions, one sentence each. */
export function changesOf(before: Version, now: Version, speech: Speech, t: ChangeWords): string[] {
  const timeout = ({ document }: Version) =>
    document.allow_timeout_approval ? speech.t.mayTimeOut : speech.t.mayNotTimeOut;
  const [old, present] = [before.document, now.document];
  return [
    ...changed(
      { label: t.name, before: bothNames(before.name), now: bothNames(now.name) },
      { label: t.scope, before: scopeOf(old, speech), now: scopeOf(present, speech) },
      { label: t.timeout, before: timeout(before), now: timeout(now) },
    )(t),
    ...ruleChanges(old.auto_approve ?? [], present.auto_approve ?? [], speech, t),
    ...stageChanges(old.stages ?? [], present.stages ?? [], speech, t),
  ];
}

const changed =
  (...parts: Part[]) =>
  (t: ChangeWords): string[] =>
    parts.filter(part => part.before !== part.now).map(part => t.from(part.label, part.before, part.now));

const bothNames = ({ de, en }: Names) => (de === en ? de : `${de} / ${en}`);

function ruleChanges(before: AutoRule[], now: AutoRule[], speech: Speech, t: ChangeWords): string[] {
  const nameOf = nameIn(speech, t);
  const { pairs, added, removed } = matched(before, now);
  const kept = (rules: AutoRule[]) =>
    rules.map(({ key }) => key).filter(key => pairs.some(([old]) => old.key === key));
  return [
    ...removed.map(rule => t.ruleRemoved(nameOf(rule))),
    ...added.map(rule => t.ruleAdded(nameOf(rule))),
    ...pairs.flatMap(([old, present]) => {
      const name = nameOf(present);
      const condition = t.ruleCondition(name);
      return changed(
        { label: t.ruleName(name), before: bothNames(old.name), now: bothNames(present.name) },
        { label: condition, before: conditionOr(old.when, speech), now: conditionOr(present.when, speech) },
      )(t);
    }),
    ...(kept(before).join(' ') === kept(now).join(' ') ? [] : [t.ruleOrder]),
  ];
}

function stageChanges(before: Stage[], now: Stage[], speech: Speech, t: ChangeWords): string[] {
  const nameOf = nameIn(speech, t);
  const { pairs, added, removed } = matched(before, now);
  return [
    ...removed.map(stage => t.stageRemoved(nameOf(stage))),
    ...added.map(stage => t.stageAdded(nameOf(stage))),
    ...pairs.flatMap(([old, present]) => {
      const name = nameOf(present);
      const inBoth = (label: string, words: (stage: Stage) => string): Part => ({
        label,
        before: words(old),
        now: words(present),
      });
      // Names do not count for the beginning, so that a renamed stage is one change.
      const start = (stage: Stage, stages: Stage[]) =>
        startOf({ ...stage, name: present.name }, renamed(stages, now), speech);
      return changed(
        inBoth(t.stageName(name), stage => bothNames(stage.name)),
        { label: t.stageStart(name), before: start(old, before), now: start(present, now) },
        inBoth(t.stageCondition(name), ({ when }) => (when ? conditionPhrase(when, speech) : t.always)),
        inBoth(t.stagePeople(name), ({ approvers }) => peopleOf(approvers, speech)),
        inBoth(t.stageNeeds(name), ({ needs }) => needsPhrase(needs, speech)),
        inBoth(t.stageDeadline(name), ({ deadline }) =>
          deadline ? deadlineSentences(deadline, speech) : t.noDeadline,
        ),
      )(t);
    }),
  ];
}

/** Stages with the names that they have in `named`. */
const renamed = (stages: Stage[], named: Stage[]) =>
  stages.map(stage => ({ ...stage, name: named.find(one => one.key === stage.key)?.name ?? stage.name }));

const nameIn =
  ({ language }: Speech, t: ChangeWords) =>
  (item: { name: Names }): string =>
    item.name[language] || t.unnamed;

/** Matches the items of two versions by their keys. */
function matched<T extends { key: string }>(before: readonly T[], now: readonly T[]) {
  const find = (list: readonly T[], key: string) => list.find(one => one.key === key);
  return {
    pairs: now.flatMap((present): [T, T][] => {
      const old = find(before, present.key);
      return old ? [[old, present]] : [];
    }),
    added: now.filter(({ key }) => !find(before, key)),
    removed: before.filter(({ key }) => !find(now, key)),
  };
}
