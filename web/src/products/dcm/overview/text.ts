const en = {
  title: 'Overview',
  table: 'Show as a table',
  month: 'Month',
  count: 'Requests',
  none: 'There is nothing to show yet.',
  utc: 'Months are in UTC.',
  age: {
    title: 'Open requests by age',
    column: 'Age',
    days: ['up to 1 day', '1 to 3 days', '3 to 7 days', '7 to 30 days', 'over 30 days'],
    more: (count: string) => `Only the oldest ${count} open requests are counted.`,
  },
  time: {
    title: 'Time until people decided, last 12 months',
    column: 'Time',
    classes: ['up to 1 h', '1 to 4 h', '4 to 24 h', '1 to 3 days', '3 to 7 days', 'over 7 days'],
  },
  outcomes: {
    title: 'Requests by outcome, last 12 months',
    approved: 'approved',
    auto_approved: 'approved automatically',
    rejected: 'rejected',
    expired: 'expired',
    withdrawn: 'withdrawn',
  },
  cost: {
    title: (currency: string) => `Cost of all VMs per month (${currency})`,
    column: 'Cost per month',
  },
};

const de: typeof en = {
  title: 'Überblick',
  table: 'Als Tabelle zeigen',
  month: 'Monat',
  count: 'Anträge',
  none: 'Es gibt noch nichts zu zeigen.',
  utc: 'Monate in UTC.',
  age: {
    title: 'Offene Anträge nach Alter',
    column: 'Alter',
    days: ['bis 1 Tag', '1 bis 3 Tage', '3 bis 7 Tage', '7 bis 30 Tage', 'über 30 Tage'],
    more: count => `Gezählt sind nur die ältesten ${count} offenen Anträge.`,
  },
  time: {
    title: 'Zeit bis zur Entscheidung durch Personen, letzte 12 Monate',
    column: 'Zeit',
    classes: ['bis 1 h', '1 bis 4 h', '4 bis 24 h', '1 bis 3 Tage', '3 bis 7 Tage', 'über 7 Tage'],
  },
  outcomes: {
    title: 'Anträge nach Ergebnis, letzte 12 Monate',
    approved: 'freigegeben',
    auto_approved: 'automatisch freigegeben',
    rejected: 'abgelehnt',
    expired: 'verfallen',
    withdrawn: 'zurückgezogen',
  },
  cost: {
    title: currency => `Kosten aller VMs pro Monat (${currency})`,
    column: 'Kosten pro Monat',
  },
};

export const text = { en, de };
