const en = {
  title: 'Mail failures',
  lead: 'Mails that wait for their server, and the newest 100 that could not be delivered. The requests that they are about continue without them.',
  waiting: (count: number, more: boolean) => {
    if (count === 0) return 'No mail waits';
    return more ? `${count} mails or more wait` : count === 1 ? '1 mail waits' : `${count} mails wait`;
  },
  queue: (oldest: string, next: string | null) =>
    next ? `The oldest was written ${oldest}; next attempt ${next}.` : `The oldest was written ${oldest}.`,
  waitingMails: 'Waiting mails',
  sendNow: 'Try all of them now',
  pause: 'Pause',
  resume: 'Resume',
  sending: (name: string) => `Mails are sent over the connection “${name}”.`,
  paused: (name: string, since: string) => `The connection “${name}” was paused ${since}: mails wait.`,
  nextTry: 'Next attempt',
  atOnce: 'at once',
  failed: 'Not delivered',
  sendAgain: 'Send again',
  sendingAgain: 'Sending …',
  empty: 'No mail has failed.',
  toConnections: 'To the mail connection',
  to: (mail: string, name: string) => `${mail} for ${name}`,
  unknownPerson: 'a former member',
  recipient: 'Recipient',
  mail: 'Mail',
  created: 'Written',
  lastTry: 'Last attempt',
  attempts: 'Attempts',
  details: 'Technical details',
};

const de: typeof en = {
  title: 'Nicht zugestellte Mails',
  lead: 'Mails, die auf ihren Server warten, und die neuesten 100, die nicht zugestellt werden konnten. Die zugehörigen Anträge laufen ohne sie weiter.',
  waiting: (count, more) => {
    if (count === 0) return 'Keine Mail wartet';
    return more ? `${count} Mails oder mehr warten` : count === 1 ? '1 Mail wartet' : `${count} Mails warten`;
  },
  queue: (oldest, next) =>
    next
      ? `Die älteste wurde ${oldest} geschrieben; nächster Versuch ${next}.`
      : `Die älteste wurde ${oldest} geschrieben.`,
  waitingMails: 'Wartende Mails',
  sendNow: 'Alle jetzt versuchen',
  pause: 'Anhalten',
  resume: 'Fortsetzen',
  sending: name => `Über die Verbindung „${name}“ werden Mails gesendet.`,
  paused: (name, since) => `Die Verbindung „${name}“ wurde ${since} angehalten: Mails warten.`,
  nextTry: 'Nächster Versuch',
  atOnce: 'sofort',
  failed: 'Nicht zugestellt',
  sendAgain: 'Noch einmal senden',
  sendingAgain: 'Wird gesendet …',
  empty: 'Es gibt keine fehlgeschlagenen Mails.',
  toConnections: 'Zur Verbindung zum Mailserver',
  to: (mail, name) => `${mail} an ${name}`,
  unknownPerson: 'ein früheres Mitglied',
  recipient: 'An',
  mail: 'Mail',
  created: 'Geschrieben',
  lastTry: 'Letzter Versuch',
  attempts: 'Versuche',
  details: 'Technische Einzelheiten',
};

export const text = { en, de };
