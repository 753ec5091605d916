const en = {
  reason: 'Reason',
  passOn: {
    title: (name: string) => `Pass on the decision about ${name}?`,
    lead: 'The other person decides instead of you, in every stage in which you are asked. You cannot take it back yourself.',
    to: 'Who decides instead',
    toHint: 'A member of your organisation who may decide. The requester may not.',
    toMissing: 'Choose the person who decides instead.',
    reasonHint: 'The other person and the requester can read it.',
    done: (name: string) => `You passed on the decision about ${name}`,
  },
  reassign: {
    title: (name: string) => `Reassign a stage of the request for ${name}?`,
    lead: 'The people below are asked instead of the present ones. Decisions that were given remain, and the deadline of the stage begins again.',
    stage: 'Stage',
    stageOver: 'A stage that is no longer open',
    people: 'People',
    person: (number: string) => `Person ${number}`,
    groups: 'Groups',
    group: (number: string) => `Group ${number}`,
    groupKey: (number: string) => `Key of group ${number}`,
    removeGroup: (number: string) => `Remove group ${number}`,
    most: 'Up to 5.',
    reasonHint: 'The other approvers and the auditors can read it.',
    done: (name: string) => `A stage of the request for ${name} was reassigned`,
  },
};

const de: typeof en = {
  reason: 'Grund',
  passOn: {
    title: name => `Entscheidung über ${name} weitergeben?`,
    lead: 'Die andere Person entscheidet an Ihrer Stelle, in jeder Stufe, in der Sie gefragt sind. Selbst zurücknehmen können Sie das nicht.',
    to: 'Wer stattdessen entscheidet',
    toHint:
      'Ein Mitglied Ihrer Organisation, das entscheiden darf. Die antragstellende Person darf es nicht.',
    toMissing: 'Wählen Sie die Person, die stattdessen entscheidet.',
    reasonHint: 'Die andere Person und die antragstellende können ihn lesen.',
    done: name => `Sie haben die Entscheidung über ${name} weitergegeben`,
  },
  reassign: {
    title: name => `Eine Stufe des Antrags für ${name} neu zuweisen?`,
    lead: 'Anstelle der bisherigen werden die folgenden Personen gefragt. Getroffene Entscheidungen bleiben, und die Frist der Stufe beginnt noch einmal.',
    stage: 'Stufe',
    stageOver: 'Eine Stufe, die nicht mehr offen ist',
    people: 'Personen',
    person: number => `Person ${number}`,
    groups: 'Gruppen',
    group: number => `Gruppe ${number}`,
    groupKey: number => `Schlüssel der Gruppe ${number}`,
    removeGroup: number => `Gruppe ${number} entfernen`,
    most: 'Bis zu 5.',
    reasonHint: 'Die anderen Entscheidenden und die Revision können ihn lesen.',
    done: name => `Eine Stufe des Antrags für ${name} wurde neu zugewiesen`,
  },
};

export const text = { en, de };
