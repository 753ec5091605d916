const en = {
  name: 'Name',
  scope: 'Scope',
  timeout: 'Approval without a decision',
  from: (label: string, before: string, now: string) => `${label}: now “${now}” instead of “${before}”`,
  ruleAdded: (name: string) => `The automatic rule “${name}” was added`,
  ruleRemoved: (name: string) => `The automatic rule “${name}” was removed`,
  ruleName: (name: string) => `Name of the automatic rule “${name}”`,
  ruleCondition: (name: string) => `Condition of the automatic rule “${name}”`,
  ruleOrder: 'The order of the automatic rules changed; the first rule whose condition holds counts',
  stageAdded: (name: string) => `The stage “${name}” was added`,
  stageRemoved: (name: string) => `The stage “${name}” was removed`,
  stageName: (name: string) => `Name of the stage “${name}”`,
  stageStart: (name: string) => `Beginning of the stage “${name}”`,
  stageCondition: (name: string) => `Condition of the stage “${name}”`,
  stagePeople: (name: string) => `People asked in the stage “${name}”`,
  stageNeeds: (name: string) => `Approvals needed in the stage “${name}”`,
  stageDeadline: (name: string) => `Deadline of the stage “${name}”`,
  always: 'always',
  noDeadline: 'no deadline',
  unnamed: 'unnamed',
};

const de: typeof en = {
  name: 'Name',
  scope: 'Geltung',
  timeout: 'Freigabe ohne Entscheidung',
  from: (label, before, now) => `${label}: jetzt „${now}“ statt „${before}“`,
  ruleAdded: name => `Die automatische Regel „${name}“ kam hinzu`,
  ruleRemoved: name => `Die automatische Regel „${name}“ wurde entfernt`,
  ruleName: name => `Name der automatischen Regel „${name}“`,
  ruleCondition: name => `Bedingung der automatischen Regel „${name}“`,
  ruleOrder:
    'Die Reihenfolge der automatischen Regeln wurde geändert; die erste, deren Bedingung erfüllt ist, zählt',
  stageAdded: name => `Die Stufe „${name}“ kam hinzu`,
  stageRemoved: name => `Die Stufe „${name}“ wurde entfernt`,
  stageName: name => `Name der Stufe „${name}“`,
  stageStart: name => `Beginn der Stufe „${name}“`,
  stageCondition: name => `Bedingung der Stufe „${name}“`,
  stagePeople: name => `Gefragte in der Stufe „${name}“`,
  stageNeeds: name => `Nötige Zustimmungen in der Stufe „${name}“`,
  stageDeadline: name => `Frist der Stufe „${name}“`,
  always: 'immer',
  noDeadline: 'keine Frist',
  unnamed: 'ohne Namen',
};

export type ChangeWords = typeof en;

export const text = { en, de };
