const en = {
  title: 'Failed requests',
  lead: 'What was approved and could not be built. Repair the cause, then retry: it goes on with the step that failed. A corrected template is taken from the offering.',
  empty: 'No request has failed.',
  toRequests: 'To all requests',
  step: 'Failed step',
  requester: 'Requested by',
  attempt: 'Attempt',
  failed: 'Since',
  details: 'Details for whoever repairs it (English)',
  notCancelled: 'Requests that could not be cancelled',
  notCancelledLead: 'Repair the cause, then cancel the request again. Until then its name stays taken.',
  vms: 'VMs that could not be decommissioned',
  vmsLead: 'Repair the cause, then decommission the VM again.',
};

const de: typeof en = {
  title: 'Fehlgeschlagene Anträge',
  lead: 'Was freigegeben wurde und sich nicht bereitstellen ließ. Erst die Ursache beheben, dann wiederholen: Es geht beim fehlgeschlagenen Schritt weiter. Eine korrigierte Vorlage wird aus dem Angebot genommen.',
  empty: 'Kein Antrag ist fehlgeschlagen.',
  toRequests: 'Zu allen Anträgen',
  step: 'Fehlgeschlagener Schritt',
  requester: 'Beantragt von',
  attempt: 'Versuch',
  failed: 'Seit',
  details: 'Einzelheiten zum Beheben (Englisch)',
  notCancelled: 'Anträge, die sich nicht abbrechen ließen',
  notCancelledLead:
    'Erst die Ursache beheben, dann den Antrag noch einmal abbrechen. Bis dahin bleibt sein Name vergeben.',
  vms: 'VMs, die sich nicht stilllegen ließen',
  vmsLead: 'Erst die Ursache beheben, dann die VM noch einmal stilllegen.',
};

export const text = { en, de };
