const en = {
  title: 'Effect of the draft',
  lead: (days: string) =>
    `Applies the draft to the requests of the last ${days} days and shows which of them would have needed another approval than by the published policies. Nothing is changed.`,
  start: 'Simulate',
  again: 'Simulate again',
  stop: 'Stop',
  unsaved: 'Save the draft first: the simulation uses the saved draft.',
  progress: (done: string, of: string) => `${done} of ${of} requests`,
  begins: 'Loading the requests …',
  none: (days: string) => `There were no requests in the last ${days} days.`,
  same: (count: string) =>
    `No difference: each of the ${count} requests would have needed the same approval.`,
  differs: (count: string, of: string) => `${count} of ${of} requests would have needed another approval.`,
  truncated: (count: string) => `Only the newest ${count} requests were considered.`,
  columns: { request: 'Request', before: 'By the published policies', after: 'With the draft' },
  submitted: (who: string, when: string) => `${who}, ${when}`,
  someone: 'a person whose data was erased',
  automatic: (rules: string) => `Approved automatically: ${rules}`,
  stage: (name: string, people: string) => `${name}: ${people}`,
  stageNeeds: (name: string, people: string, needs: string) => `${name}: ${people}; ${needs}`,
  onlyStage: 'Approval',
};

const de: typeof en = {
  title: 'Wirkung des Entwurfs',
  lead: days =>
    `Wendet den Entwurf auf die Anträge der letzten ${days} Tage an und zeigt, welche eine andere Freigabe gebraucht hätten als nach den veröffentlichten Richtlinien. Dabei wird nichts geändert.`,
  start: 'Simulieren',
  again: 'Erneut simulieren',
  stop: 'Anhalten',
  unsaved: 'Speichern Sie zuerst den Entwurf: Simuliert wird der gespeicherte Entwurf.',
  progress: (done, of) => `${done} von ${of} Anträgen`,
  begins: 'Die Anträge werden geladen …',
  none: days => `In den letzten ${days} Tagen gab es keine Anträge.`,
  same: count => `Kein Unterschied: Jeder der ${count} Anträge hätte dieselbe Freigabe gebraucht.`,
  differs: (count, of) => `${count} von ${of} Anträgen hätten eine andere Freigabe gebraucht.`,
  truncated: count => `Nur die neuesten ${count} Anträge wurden berücksichtigt.`,
  columns: { request: 'Antrag', before: 'Nach den veröffentlichten Richtlinien', after: 'Mit dem Entwurf' },
  submitted: (who, when) => `${who}, ${when}`,
  someone: 'eine Person, deren Daten gelöscht wurden',
  automatic: rules => `Automatisch freigegeben: ${rules}`,
  stage: (name, people) => `${name}: ${people}`,
  stageNeeds: (name, people, needs) => `${name}: ${people}; ${needs}`,
  onlyStage: 'Freigabe',
};

export const text = { en, de };
