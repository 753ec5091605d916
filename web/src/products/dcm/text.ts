const en = {
  name: 'DCM',
  longName: 'Dynamic Cloud Manager',
  lead: 'Request virtual machines, decide on requests, and follow their progress.',
  requestVm: 'Request a VM',
  nav: {
    catalogue: 'Catalogue',
    requests: 'Requests',
    vms: 'Virtual machines',
    approvals: 'Approvals',
    offerings: 'Offerings',
    policies: 'Policies',
    calendar: 'Business hours',
    failedRequests: 'Failed requests',
  },
};

const de: typeof en = {
  name: 'DCM',
  longName: 'Dynamic Cloud Manager',
  lead: 'Virtuelle Maschinen beantragen, über Anträge entscheiden und ihren Fortschritt verfolgen.',
  requestVm: 'VM beantragen',
  nav: {
    catalogue: 'Katalog',
    requests: 'Anträge',
    vms: 'Virtuelle Maschinen',
    approvals: 'Freigaben',
    offerings: 'Angebote',
    policies: 'Richtlinien',
    calendar: 'Geschäftszeiten',
    failedRequests: 'Fehlgeschlagene Anträge',
  },
};

export const text = { en, de };
