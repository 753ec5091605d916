const en = {
  choose: 'Choose …',
  clear: (label: string) => `${label}: none`,
  search: 'Search by name',
  least: 'Type at least two characters of the name.',
  loading: 'Searching …',
  none: 'No one is found. Check the spelling, or search for another part of the name.',
  empty: 'There is no one to choose.',
  more: 'There are more. Type more of the name to find others.',
  doubles: 'Several people have the same name. If you are not sure, ask your administrators to choose.',
};

const de: typeof en = {
  choose: 'Auswählen …',
  clear: label => `${label}: keine`,
  search: 'Name suchen',
  least: 'Geben Sie mindestens zwei Zeichen des Namens ein.',
  loading: 'Wird gesucht …',
  none: 'Niemand gefunden. Prüfen Sie die Schreibweise, oder suchen Sie einen anderen Teil des Namens.',
  empty: 'Es gibt niemanden zur Auswahl.',
  more: 'Es gibt weitere. Geben Sie mehr vom Namen ein, um andere zu finden.',
  doubles:
    'Mehrere Personen haben denselben Namen. Wenn Sie nicht sicher sind, lassen Sie Ihre Administration auswählen.',
};

export const text = { en, de };
