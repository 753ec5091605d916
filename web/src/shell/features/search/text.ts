const en = {
  searching: 'Searching …',
  failed: 'Not everything could be searched.',
  more: 'There are more results: type more letters.',
};

const de: typeof en = {
  searching: 'Es wird gesucht …',
  failed: 'Es konnte nicht alles durchsucht werden.',
  more: 'Es gibt weitere Treffer: Geben Sie mehr Buchstaben ein.',
};

export const text = { en, de };
