const en = {
  title: 'Mail failures',
  lead: 'The newest 100 mails that did not reach their recipient. What they were about went on without them.',
  empty: 'Every mail was delivered.',
  toConnections: 'To the mail connection',
  to: (mail: string, name: string) => `${mail} for ${name}`,
  unknownPerson: 'a person who is no longer known here',
  mails: {
    'approval-requested': '“Please approve”',
    'request-failed': '“Request failed”',
    'request-failed-admin': '“Repair and retry”',
    'request-fulfilled': '“Your VM is ready”',
    'request-rejected': '“Request rejected”',
  },
  recipient: 'Recipient',
  mail: 'Mail',
  created: 'Written',
  lastTry: 'Last attempt',
  attempts: 'Attempts',
  details: 'Details for whoever repairs it',
};

const de: typeof en = {
  title: 'Nicht zugestellte Mails',
  lead: 'Die neuesten 100 Mails, die nicht angekommen sind. Worum es in ihnen ging, lief ohne sie weiter.',
  empty: 'Jede Mail wurde zugestellt.',
  toConnections: 'Zur Verbindung zum Mailserver',
  to: (mail, name) => `${mail} an ${name}`,
  unknownPerson: 'eine Person, die hier nicht mehr bekannt ist',
  mails: {
    'approval-requested': '„Bitte freigeben“',
    'request-failed': '„Antrag fehlgeschlagen“',
    'request-failed-admin': '„Bitte beheben“',
    'request-fulfilled': '„Ihre VM ist bereit“',
    'request-rejected': '„Antrag abgelehnt“',
  },
  recipient: 'An',
  mail: 'Mail',
  created: 'Geschrieben',
  lastTry: 'Letzter Versuch',
  attempts: 'Versuche',
  details: 'Einzelheiten zum Beheben',
};

export const text = { en, de };
