import { NO_CONDITION } from './condition-form';
import { NEW_APPROVER, type PolicyForm, type RuleForm, type StageForm } from './policy-model';

/** Moves a stage to another position; its followers in the list wait for their new predecessors. */
export function moveStage(form: PolicyForm, from: number, to: number): PolicyForm {
  const stage = form.stages[from];
  if (!stage || to < 0 || to >= form.stages.length) return form;
  const stages = form.stages.filter((_, index) => index !== from);
  stages.splice(to, 0, stage);
  return { ...form, stages };
}

/** Removes a stage; no other stage waits for it any more. */
export function removeStage(form: PolicyForm, index: number): PolicyForm {
  const removed = form.stages[index]?.key;
  const freed = (stage: StageForm): StageForm => ({
    ...stage,
    after: stage.after.filter(key => key !== removed),
  });
  return { ...form, stages: form.stages.filter((_, at) => at !== index).map(freed) };
}

export function addStage(form: PolicyForm): PolicyForm {
  const stage: StageForm = {
    key: freeKey('stage', form.stages),
    de: '',
    en: '',
    starts: 'previous',
    after: [],
    when: NO_CONDITION,
    approvers: [NEW_APPROVER],
    needs: 'any',
    at_least: '2',
    deadline: null,
  };
  return { ...form, stages: [...form.stages, stage] };
}

export function addRule(form: PolicyForm): PolicyForm {
  const rule: RuleForm = { key: freeKey('rule', form.rules), de: '', en: '', when: NO_CONDITION };
  return { ...form, rules: [...form.rules, rule] };
}

/** Key that no item of the list has. */
function freeKey(prefix: string, items: readonly { key: string }[]): string {
  const taken = new Set(items.map(({ key }) => key));
  let number = items.length + 1;
  while (taken.has(`${prefix}-${number}`)) number += 1;
  return `${prefix}-${number}`;
}
