import type { Finding } from './proof';

const en = {
  prove: 'Verify the log',
  title: 'Verification of the log',
  close: 'Close',
  again: 'Verify again',
  under: 'The hash chain is being verified from the first event.',
  progress: 'Progress of the verification',
  brokenOff: 'The verification was interrupted, so there is no result. Try again.',
  sound: 'The log is unchanged',
  unsound: 'The log was changed',
  events: (events: string, from: string, to: string) =>
    `${events} events, from ${from} to ${to}, form a hash chain without gaps: none was changed, inserted, exchanged or removed.`,
  noEvents: 'There are no events yet.',
  beside: (rows: string, anchors: string) =>
    `${rows} other records (administration, refusals, calls) match ${anchors} anchors, which are linked to the events.`,
  waiting: (rows: string) =>
    `${rows} records are younger than the newest anchor; they are covered a few seconds later.`,
  head: 'Last hash of the events',
  anchorHead: 'Last hash of the anchors',
  limits: 'Limits of the verification',
  notProven: [
    'It does not show that the records are true, only that they were not changed afterwards.',
    'It does not detect a completely rewritten chain. Store the last hashes elsewhere, and compare: a later chain must contain them.',
    'It does not cover acts that are not recorded here, such as changes made directly in another system.',
  ],
  found: (count: string) => `${count} places differ:`,
  more: (count: string) => `… and ${count} more`,
  finding: (found: Finding) => {
    const at = found.position ?? found.anchor ?? found.row ?? found.stream ?? '';
    const words: Record<string, string> = {
      gap: `Events are missing before position ${at}.`,
      leaf: `The event at position ${at} was changed.`,
      chain: `The event at position ${at} does not follow the previous one.`,
      clock: `The event at position ${at} is older than the previous one.`,
      versions: `The stream ${at} is incomplete.`,
      altered: `A row of ${found.table ?? ''} was changed (${found.row ?? ''}, anchor ${found.anchor ?? ''}).`,
      deleted: `${found.rows ?? ''} rows of ${found.table ?? ''} are missing (anchor ${found.anchor ?? ''}).`,
      pruning: `The record ${at} describes a deletion that is not possible.`,
      stray: `${found.rows ?? ''} rows of ${found.table ?? ''} name an anchor that does not exist.`,
      'anchor-gap': `Anchors are missing before ${at}.`,
      anchor: `Anchor ${at} does not follow the previous one.`,
      'anchored-log': `The event at position ${at} differs from the one that anchor ${found.anchor ?? ''} is linked to.`,
      missing: `Events up to position ${at} were acknowledged and are missing.`,
    };
    return words[found.finding] ?? `${found.finding} ${at}`;
  },
};

const de: typeof en = {
  prove: 'Protokoll prüfen',
  title: 'Prüfung des Protokolls',
  close: 'Schließen',
  again: 'Noch einmal prüfen',
  under: 'Die Hash-Kette wird vom ersten Ereignis an geprüft.',
  progress: 'Fortschritt der Prüfung',
  brokenOff: 'Die Prüfung wurde unterbrochen und hat kein Ergebnis. Versuchen Sie es noch einmal.',
  sound: 'Das Protokoll ist unverändert',
  unsound: 'Das Protokoll wurde verändert',
  events: (events, from, to) =>
    `${events} Ereignisse von ${from} bis ${to} sind lückenlos miteinander verkettet: Keines wurde geändert, eingefügt, vertauscht oder entfernt.`,
  noEvents: 'Es gibt noch keine Ereignisse.',
  beside: (rows, anchors) =>
    `${rows} weitere Einträge (Verwaltung, Ablehnungen, Aufrufe) stimmen mit ${anchors} Ankern überein, die mit den Ereignissen verkettet sind.`,
  waiting: rows =>
    `${rows} Einträge sind jünger als der neueste Anker; sie sind einige Sekunden später erfasst.`,
  head: 'Letzter Hash der Ereignisse',
  anchorHead: 'Letzter Hash der Anker',
  limits: 'Grenzen der Prüfung',
  notProven: [
    'Sie zeigt nicht, dass die Einträge wahr sind, sondern nur, dass sie danach nicht geändert wurden.',
    'Sie erkennt keine vollständig neu geschriebene Kette. Bewahren Sie die letzten Hashes anderswo auf, und vergleichen Sie: Eine spätere Kette muss sie enthalten.',
    'Sie umfasst keine Vorgänge, die hier nicht aufgezeichnet werden, etwa Änderungen direkt in einem anderen System.',
  ],
  found: count => `${count} Stellen weichen ab:`,
  more: count => `… und ${count} weitere`,
  finding: found => {
    const at = found.position ?? found.anchor ?? found.row ?? found.stream ?? '';
    const words: Record<string, string> = {
      gap: `Vor Stelle ${at} fehlen Ereignisse.`,
      leaf: `Das Ereignis an Stelle ${at} wurde geändert.`,
      chain: `Das Ereignis an Stelle ${at} schließt nicht an das vorige an.`,
      clock: `Das Ereignis an Stelle ${at} ist älter als das vorige.`,
      versions: `Der Strom ${at} ist nicht vollständig.`,
      altered: `Eine Zeile von ${found.table ?? ''} wurde geändert (${found.row ?? ''}, Anker ${found.anchor ?? ''}).`,
      deleted: `${found.rows ?? ''} Zeilen von ${found.table ?? ''} fehlen (Anker ${found.anchor ?? ''}).`,
      pruning: `Der Eintrag ${at} beschreibt eine Löschung, die nicht möglich ist.`,
      stray: `${found.rows ?? ''} Zeilen von ${found.table ?? ''} nennen einen Anker, den es nicht gibt.`,
      'anchor-gap': `Vor Anker ${at} fehlen Anker.`,
      anchor: `Anker ${at} schließt nicht an den vorigen an.`,
      'anchored-log': `Das Ereignis an Stelle ${at} weicht von dem ab, mit dem Anker ${found.anchor ?? ''} verkettet ist.`,
      missing: `Ereignisse bis Stelle ${at} wurden bestätigt und fehlen.`,
    };
    return words[found.finding] ?? `${found.finding} ${at}`;
  },
};

export const proofText = { en, de };
