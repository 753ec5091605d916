const en = {
  vms: 'Virtual machines',
  requests: 'Requests',
  offerings: 'Offerings',
  people: 'People',
  actions: 'Actions',
  request: (name: string) => `Request for ${name}`,
  vmsOf: (name: string) => `${name}: virtual machines`,
  requestsOf: (name: string) => `${name}: requests`,
  searching: 'Searching …',
  failed: 'Nothing could be searched: the server does not answer.',
};

const de: typeof en = {
  vms: 'Virtuelle Maschinen',
  requests: 'Anträge',
  offerings: 'Angebote',
  people: 'Personen',
  actions: 'Aktionen',
  request: name => `Antrag für ${name}`,
  vmsOf: name => `${name}: virtuelle Maschinen`,
  requestsOf: name => `${name}: Anträge`,
  searching: 'Es wird gesucht …',
  failed: 'Es konnte nicht gesucht werden: Der Server antwortet nicht.',
};

export const text = { en, de };
