const en = {
  vms: 'Virtual machines',
  requests: 'Requests',
  offerings: 'Offerings',
  people: 'People',
  vmsOf: (name: string) => `${name}: virtual machines`,
  requestsOf: (name: string) => `${name}: requests`,
  searching: 'Searching …',
  failed: 'VMs, requests and offerings could not be searched.',
  more: 'There is more than is shown: type more letters.',
};

const de: typeof en = {
  vms: 'Virtuelle Maschinen',
  requests: 'Anträge',
  offerings: 'Angebote',
  people: 'Personen',
  vmsOf: name => `${name}: virtuelle Maschinen`,
  requestsOf: name => `${name}: Anträge`,
  searching: 'Es wird gesucht …',
  failed: 'VMs, Anträge und Angebote konnten nicht durchsucht werden.',
  more: 'Es gibt mehr, als hier steht: Geben Sie mehr Buchstaben ein.',
};

export const text = { en, de };
