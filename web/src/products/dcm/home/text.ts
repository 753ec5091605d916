const en = {
  approve: {
    title: 'Waiting for your decision',
    empty: 'No request waits for your decision.',
    asks: (name: string) => `requested by ${name}`,
    somebody: 'another person',
  },
  mine: {
    title: 'Your open requests',
    empty: 'You have no open requests.',
    waiting: 'Waiting for',
  },
  vms: {
    title: 'Your virtual machines',
    empty: 'You have no virtual machines yet.',
  },
  failed: {
    title: 'Failed requests',
    empty: 'No request has failed.',
  },
};

const de: typeof en = {
  approve: {
    title: 'Wartet auf Ihre Entscheidung',
    empty: 'Kein Antrag wartet auf Ihre Entscheidung.',
    asks: name => `beantragt von ${name}`,
    somebody: 'einer anderen Person',
  },
  mine: {
    title: 'Ihre offenen Anträge',
    empty: 'Sie haben keine offenen Anträge.',
    waiting: 'Wartet auf',
  },
  vms: {
    title: 'Ihre virtuellen Maschinen',
    empty: 'Sie haben noch keine virtuellen Maschinen.',
  },
  failed: {
    title: 'Fehlgeschlagene Anträge',
    empty: 'Kein Antrag ist fehlgeschlagen.',
  },
};

export const text = { en, de };
