const en = {
  title: 'VMs of this order',
  note: (line: string, lines: string) => `VM ${line} of ${lines} that were requested together`,
  hidden: (shown: string, lines: string) => `You can see ${shown} of ${lines} VMs.`,
  total: (money: string) => `${money} per month for all`,
  this: 'this request',
  address: (ip: string) => `Address: ${ip}`,
  reason: (reason: string) => `Reason: ${reason}`,
  decide: 'Decide on several',
  decideTitle: (name: string) => `VMs that ${name} requests together`,
  somebody: 'a person',
};

const de: typeof en = {
  title: 'VMs dieser Bestellung',
  note: (line, lines) => `VM ${line} von ${lines}, die zusammen beantragt wurden`,
  hidden: (shown, lines) => `Sie sehen ${shown} von ${lines} VMs.`,
  total: money => `${money} pro Monat für alle`,
  this: 'dieser Antrag',
  address: ip => `Adresse: ${ip}`,
  reason: reason => `Grund: ${reason}`,
  decide: 'Über mehrere entscheiden',
  decideTitle: name => `VMs, die ${name} zusammen beantragt`,
  somebody: 'eine Person',
};

export const text = { en, de };
