const en = {
  choose: 'Choose …',
  chooseOf: (label: string) => `Choose: ${label}`,
  search: 'Search by name or path',
  loading: (where: string) => `Reading from ${where} …`,
  none: 'There are no choices.',
  noneLike: 'Nothing matches all these words.',
  more: 'These are the first 100. Search to find others.',
  unreadable: (count: number) =>
    count === 1
      ? 'One more exists that the account may not read.'
      : `${count} more exist that the account may not read.`,
  failed: 'The list could not be read.',
  type: 'You can close this and type the name.',
  again: 'Try again',
  details: 'Technical details (English)',
};

const de: typeof en = {
  choose: 'Auswählen …',
  chooseOf: label => `Auswählen: ${label}`,
  search: 'Name oder Pfad suchen',
  loading: where => `Wird aus ${where} gelesen …`,
  none: 'Es gibt nichts zur Auswahl.',
  noneLike: 'Nichts enthält alle diese Wörter.',
  more: 'Das sind die ersten 100. Suchen Sie, um andere zu finden.',
  unreadable: count =>
    count === 1
      ? 'Es gibt einen weiteren Eintrag, den das Konto nicht lesen darf.'
      : `Es gibt ${count} weitere Einträge, die das Konto nicht lesen darf.`,
  failed: 'Die Liste konnte nicht gelesen werden.',
  type: 'Sie können das schließen und den Namen eingeben.',
  again: 'Noch einmal versuchen',
  details: 'Technische Einzelheiten (Englisch)',
};

export const text = { en, de };
