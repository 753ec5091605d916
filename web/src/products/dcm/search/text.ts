const en = {
  vms: 'Virtual machines',
  requests: 'Requests',
  offerings: 'Offerings',
  people: 'People',
  vmsOf: (name: string) => `${name}: virtual machines`,
  requestsOf: (name: string) => `${name}: requests`,
};

const de: typeof en = {
  vms: 'Virtuelle Maschinen',
  requests: 'Anträge',
  offerings: 'Angebote',
  people: 'Personen',
  vmsOf: name => `${name}: virtuelle Maschinen`,
  requestsOf: name => `${name}: Anträge`,
};

export const text = { en, de };
