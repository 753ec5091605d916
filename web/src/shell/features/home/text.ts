const en = {
  title: 'Home',
  hello: (name: string) => `Hello, ${name}`,
  lead: 'Your tasks, and the requests that you are waiting for.',
  connections: {
    title: 'Connections',
    empty: 'All connections worked when they were last used.',
    none: 'There are no connections.',
    missing: 'Not set up yet',
    untested: 'Not tested yet',
    worked: (ago: string) => `Worked ${ago}; not used since`,
  },
  grants: {
    title: 'Missing grants',
    empty: 'Every product has the grants that it requires.',
    note: 'The platform’s operator can grant it.',
  },
  mails: {
    title: 'Mails that did not arrive',
    empty: 'There are no failed and no waiting mails.',
    noneFailed: 'No mail failed.',
    waiting: (count: number, more: boolean) =>
      more ? `${count} mails or more wait` : count === 1 ? '1 mail waits' : `${count} mails wait`,
    queue: (oldest: string, next: string | null) =>
      next ? `The oldest was written ${oldest}; next attempt ${next}` : `The oldest was written ${oldest}`,
    to: (mail: string, name: string) => `${mail} to ${name}`,
    somebody: 'a former member',
  },
  audit: {
    title: 'Latest entries of the audit',
    empty: 'Nothing has been recorded yet.',
  },
  workflows: {
    title: 'Workflows that are stuck',
    empty: 'All workflows make progress.',
    overdue: (count: string) => `${count} overdue`,
  },
  tenants: {
    title: 'Tenants',
    empty: 'There are no tenants yet.',
    missing: (count: number) => (count === 1 ? '1 grant is missing' : `${count} grants are missing`),
  },
};

const de: typeof en = {
  title: 'Start',
  hello: name => `Guten Tag, ${name}`,
  lead: 'Ihre Aufgaben und die Anträge, auf deren Entscheidung Sie warten.',
  connections: {
    title: 'Verbindungen',
    empty: 'Alle Verbindungen haben funktioniert, als sie zuletzt benutzt wurden.',
    none: 'Es gibt keine Verbindungen.',
    missing: 'Noch nicht eingerichtet',
    untested: 'Noch nicht geprüft',
    worked: ago => `Funktionierte ${ago}; seitdem nicht benutzt`,
  },
  grants: {
    title: 'Fehlende Erlaubnisse',
    empty: 'Jedes Produkt hat die Erlaubnisse, die es braucht.',
    note: 'Der Plattformbetrieb kann sie erteilen.',
  },
  mails: {
    title: 'Nicht zugestellte Mails',
    empty: 'Es gibt keine fehlgeschlagenen und keine wartenden Mails.',
    noneFailed: 'Es gibt keine fehlgeschlagenen Mails.',
    waiting: (count, more) =>
      more ? `${count} Mails oder mehr warten` : count === 1 ? '1 Mail wartet' : `${count} Mails warten`,
    queue: (oldest, next) =>
      next
        ? `Die älteste wurde ${oldest} geschrieben; nächster Versuch ${next}`
        : `Die älteste wurde ${oldest} geschrieben`,
    to: (mail, name) => `${mail} an ${name}`,
    somebody: 'ein früheres Mitglied',
  },
  audit: {
    title: 'Neueste Einträge im Protokoll',
    empty: 'Bisher ist nichts verzeichnet.',
  },
  workflows: {
    title: 'Festsitzende Abläufe',
    empty: 'Alle Abläufe kommen voran.',
    overdue: count => `${count} überfällig`,
  },
  tenants: {
    title: 'Mandanten',
    empty: 'Es gibt noch keine Mandanten.',
    missing: count => (count === 1 ? '1 Erlaubnis fehlt' : `${count} Erlaubnisse fehlen`),
  },
};

export const text = { en, de };
