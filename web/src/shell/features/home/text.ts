const en = {
  title: 'Home',
  hello: (name: string) => `Hello, ${name}`,
  lead: 'What needs you, and what you are waiting for.',
  connections: {
    title: 'Connections',
    empty: 'All connections worked when they were last used.',
    none: 'There are no connections.',
    missing: 'Not set up yet',
    untested: 'Not tested yet',
    worked: (ago: string) => `Worked ${ago}; not used since`,
  },
  mails: {
    title: 'Mails that did not arrive',
    empty: 'No mail failed, and none waits.',
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
    empty: 'All workflows get on.',
    overdue: (count: string) => `${count} overdue`,
  },
  tenants: { title: 'Tenants', empty: 'There are no tenants yet.' },
};

const de: typeof en = {
  title: 'Start',
  hello: name => `Guten Tag, ${name}`,
  lead: 'Was auf Sie wartet und worauf Sie warten.',
  connections: {
    title: 'Verbindungen',
    empty: 'Alle Verbindungen haben funktioniert, als sie zuletzt benutzt wurden.',
    none: 'Es gibt keine Verbindungen.',
    missing: 'Noch nicht eingerichtet',
    untested: 'Noch nicht geprüft',
    worked: ago => `Funktionierte ${ago}; seitdem nicht benutzt`,
  },
  mails: {
    title: 'Nicht angekommene Mails',
    empty: 'Keine Mail ist gescheitert, und keine wartet.',
    noneFailed: 'Keine Mail ist gescheitert.',
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
    empty: 'Bisher ist nichts festgehalten.',
  },
  workflows: {
    title: 'Festsitzende Abläufe',
    empty: 'Alle Abläufe kommen voran.',
    overdue: count => `${count} überfällig`,
  },
  tenants: { title: 'Mandanten', empty: 'Es gibt noch keine Mandanten.' },
};

export const text = { en, de };
