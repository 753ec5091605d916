const en = {
  title: 'Proposed changes',
  by: (name: string, time: string) =>
    `${name} would approve the request with these changes, proposed ${time}.`,
  erased: 'A person whose data was erased',
  waits: (name: string) => `The changes wait for the confirmation of ${name}.`,
  waitsSome: 'The changes wait for the requester’s confirmation.',
  waitsYours: 'Confirm the changes, or decline them; the request then waits for a decision as it is.',
  propose: {
    title: (name: string) => `Approve ${name} with changes?`,
    lead: 'The requester gets your proposal by e-mail. If the requester confirms it, the approval begins again with the changed values, and your approval already counts. No deadline runs until then.',
    cpus: 'CPUs',
    memory: 'Memory (GB)',
    term: 'Term (months)',
    smaller: (present: string) => `Requested: ${present}`,
    comment: 'Reason',
    commentHint: 'The requester and all who decide can read it.',
    done: (name: string) => `Your proposal for ${name} was sent`,
    unknown: 'The request could not be loaded. Close this dialog and try again.',
  },
  confirm: {
    title: (name: string) => `Confirm the changes of ${name}?`,
    lead: 'The request is changed, and its approval begins again.',
    submit: (price: string) => `Confirm at ${price}`,
    done: (name: string) => `The changes of ${name} were confirmed`,
  },
  decline: {
    title: (name: string) => `Decline the changes of ${name}?`,
    lead: 'The request remains as it is and waits for a decision.',
    reason: 'Reason (optional)',
    reasonHint: 'All who decide can read it.',
    done: (name: string) => `The changes of ${name} were declined`,
  },
};

const de: typeof en = {
  title: 'Vorgeschlagene Änderungen',
  by: (name, time) => `${name} würde den Antrag mit diesen Änderungen freigeben, vorgeschlagen ${time}.`,
  erased: 'Eine Person, deren Daten gelöscht wurden,',
  waits: name => `Die Änderungen warten auf die Bestätigung von ${name}.`,
  waitsSome: 'Die Änderungen warten auf die Bestätigung der antragstellenden Person.',
  waitsYours:
    'Bestätigen Sie die Änderungen, oder lehnen Sie sie ab; der Antrag wartet dann unverändert auf eine Entscheidung.',
  propose: {
    title: name => `${name} mit Änderungen freigeben?`,
    lead: 'Die antragstellende Person erhält Ihren Vorschlag per E-Mail. Bestätigt sie ihn, beginnt die Freigabe mit den geänderten Werten noch einmal, und Ihre Zustimmung zählt bereits. Bis dahin läuft keine Frist.',
    cpus: 'CPUs',
    memory: 'Arbeitsspeicher (GB)',
    term: 'Laufzeit (Monate)',
    smaller: present => `Beantragt: ${present}`,
    comment: 'Begründung',
    commentHint: 'Die antragstellende Person und alle, die entscheiden, können sie lesen.',
    done: name => `Ihr Vorschlag zu ${name} wurde gesendet`,
    unknown:
      'Der Antrag konnte nicht geladen werden. Schließen Sie diesen Dialog, und versuchen Sie es noch einmal.',
  },
  confirm: {
    title: name => `Änderungen an ${name} bestätigen?`,
    lead: 'Der Antrag wird geändert, und seine Freigabe beginnt noch einmal.',
    submit: price => `Für ${price} bestätigen`,
    done: name => `Die Änderungen an ${name} wurden bestätigt`,
  },
  decline: {
    title: name => `Änderungen an ${name} ablehnen?`,
    lead: 'Der Antrag bleibt, wie er ist, und wartet auf eine Entscheidung.',
    reason: 'Begründung (freiwillig)',
    reasonHint: 'Alle, die entscheiden, können sie lesen.',
    done: name => `Die Änderungen an ${name} wurden abgelehnt`,
  },
};

export const text = { en, de };
