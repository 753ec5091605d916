const en = {
  searching: 'Searching …',
  failed: 'Not everything could be searched.',
  more: 'There is more than is shown: type more letters.',
};

const de: typeof en = {
  searching: 'Es wird gesucht …',
  failed: 'Es konnte nicht alles durchsucht werden.',
  more: 'Es gibt mehr, als hier steht: Geben Sie mehr Buchstaben ein.',
};

export const text = { en, de };
