const en = {
  lead: 'Each chosen request gets the decision by itself, and its line shows the result.',
  size: (cpus: string, memory: string) => `${cpus} CPU, ${memory}`,
  cost: (money: string) => `${money} per month`,
  costEnds: (money: string) => `decommission, ${money} per month less`,
  notYours: 'You cannot decide on this request.',
  comment: 'Comment or reason',
  hint: 'Optional for an approval; a rejection needs a reason. The requester can read it.',
  approve: (count: string) => `Approve ${count}`,
  reject: (count: string) => `Reject ${count}`,
  approved: 'You approved it.',
  rejected: 'You rejected it.',
  unknown:
    'No answer came, so it is not known whether the decision was recorded. Decide again: nothing is recorded twice.',
  failed: 'The decision could not be sent.',
  accept: (before: string, now: string) =>
    `It costs ${now} instead of ${before} per month: approving again accepts that.`,
  done: (count: string, all: string) => `${count} of ${all} decisions were recorded.`,
  select: (name: string) => `Select ${name}`,
  selectAll: 'Select all shown',
  selected: (count: string, all: string) => `${count} of ${all} selected`,
  decide: 'Decide together',
  title: 'Decide on the selected requests',
  label: 'Selected requests',
};

const de: typeof en = {
  lead: 'Jeder gewählte Antrag bekommt die Entscheidung für sich, und seine Zeile zeigt das Ergebnis.',
  size: (cpus, memory) => `${cpus} CPU, ${memory}`,
  cost: money => `${money} pro Monat`,
  costEnds: money => `Stilllegung, ${money} pro Monat weniger`,
  notYours: 'Über diesen Antrag können Sie nicht entscheiden.',
  comment: 'Kommentar oder Grund',
  hint: 'Bei einer Freigabe optional; eine Ablehnung braucht einen Grund. Die antragstellende Person kann ihn lesen.',
  approve: count => `${count} freigeben`,
  reject: count => `${count} ablehnen`,
  approved: 'Sie haben zugestimmt.',
  rejected: 'Sie haben abgelehnt.',
  unknown:
    'Es kam keine Antwort; ob die Entscheidung festgehalten wurde, ist nicht bekannt. Entscheiden Sie noch einmal: Nichts wird doppelt festgehalten.',
  failed: 'Die Entscheidung konnte nicht gesendet werden.',
  accept: (before, now) =>
    `Er kostet ${now} statt ${before} pro Monat: Mit einer erneuten Freigabe stimmen Sie dem zu.`,
  done: (count, all) => `${count} von ${all} Entscheidungen wurden festgehalten.`,
  select: name => `${name} auswählen`,
  selectAll: 'Alle angezeigten auswählen',
  selected: (count, all) => `${count} von ${all} ausgewählt`,
  decide: 'Gemeinsam entscheiden',
  title: 'Über die ausgewählten Anträge entscheiden',
  label: 'Ausgewählte Anträge',
};

export const text = { en, de };
