const en = {
  title: 'E-mail settings',
  lead: 'Choose how mails reach you. Without a choice, each one is sent at once.',
  delivery: 'Delivery',
  atOnce: 'At once',
  atOnceHint: 'Each mail is sent when its reason arises.',
  daily: 'Once a day',
  dailyHint: 'One mail with all messages of the day. What cannot wait until then is still sent at once.',
  hour: 'Time of day',
  oClock: (hour: number) => `${String(hour).padStart(2, '0')}:00`,
  zone: 'Time zone',
  next: (time: string) => `Next digest: ${time}`,
  kinds: 'Mails that I get',
  kindsHint: 'Mails about decisions, questions and failures cannot be turned off.',
  save: 'Save',
  saved: 'The e-mail settings are saved.',
  changed: 'The settings were changed meanwhile, and nothing was saved. Check the present ones first.',
};

const de: typeof en = {
  title: 'E-Mail-Einstellungen',
  lead: 'Wählen Sie, wie Mails Sie erreichen. Ohne Ihre Wahl kommt jede sofort.',
  delivery: 'Zustellung',
  atOnce: 'Sofort',
  atOnceHint: 'Jede Mail wird gesendet, sobald es einen Anlass gibt.',
  daily: 'Einmal am Tag',
  dailyHint:
    'Eine Mail mit allen Nachrichten des Tages. Was nicht so lange warten kann, kommt weiterhin sofort.',
  hour: 'Uhrzeit',
  oClock: hour => `${String(hour).padStart(2, '0')}:00 Uhr`,
  zone: 'Zeitzone',
  next: time => `Nächste Zusammenfassung: ${time}`,
  kinds: 'Mails, die ich bekomme',
  kindsHint: 'Mails zu Entscheidungen, Rückfragen und Fehlern lassen sich nicht abstellen.',
  save: 'Speichern',
  saved: 'Die E-Mail-Einstellungen sind gespeichert.',
  changed:
    'Die Einstellungen wurden inzwischen geändert, und es wurde nichts gespeichert. Prüfen Sie zuerst die jetzigen.',
};

export const text = { en, de };
