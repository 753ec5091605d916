const en = {
  title: 'Failed requests',
  lead: 'Approved requests that could not be built. Repair the cause, then retry: the build continues at the failed step. A corrected template is taken from the offering.',
  empty: 'No request has failed.',
  toRequests: 'To all requests',
  step: 'Failed step',
  requester: 'Requested by',
  attempt: 'Attempt',
  failed: 'Since',
  details: 'Technical details (English)',
  notCancelled: 'Requests that could not be cancelled',
  notCancelledLead: 'Repair the cause, then cancel the request again. Until then its name stays taken.',
  vms: 'VMs that could not be decommissioned',
  vmsLead: 'Repair the cause, then decommission the VM again.',
};

const de: typeof en = {
  title: 'Fehlgeschlagene Anträge',
  lead: 'Freigegebene Anträge, deren Bereitstellung fehlgeschlagen ist. Beheben Sie die Ursache, und wiederholen Sie dann: Die Bereitstellung wird beim fehlgeschlagenen Schritt fortgesetzt. Eine korrigierte Vorlage wird aus dem Angebot übernommen.',
  empty: 'Kein Antrag ist fehlgeschlagen.',
  toRequests: 'Zu allen Anträgen',
  step: 'Fehlgeschlagener Schritt',
  requester: 'Beantragt von',
  attempt: 'Versuch',
  failed: 'Seit',
  details: 'Technische Einzelheiten (Englisch)',
  notCancelled: 'Anträge, die sich nicht abbrechen ließen',
  notCancelledLead:
    'Beheben Sie die Ursache, und brechen Sie den Antrag dann noch einmal ab. Bis dahin bleibt sein Name vergeben.',
  vms: 'VMs, die sich nicht stilllegen ließen',
  vmsLead: 'Beheben Sie die Ursache, und legen Sie die VM dann noch einmal still.',
};

export const text = { en, de };
