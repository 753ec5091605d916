import type { Finding } from './proof';

const en = {
  prove: 'Prove the log',
  title: 'Proof of the log',
  close: 'Close',
  again: 'Prove again',
  under: 'The chain is being walked, from the first event on.',
  progress: 'Progress of the proof',
  brokenOff: 'The proof broke off before it was over, so nothing was proven. Try again.',
  sound: 'The log is what was written',
  unsound: 'The log is not what was written',
  events: (events: string, from: string, to: string) =>
    `${events} events, from ${from} to ${to}, are linked to one another without a gap: none was changed, inserted, exchanged or removed.`,
  noEvents: 'There are no events yet.',
  beside: (rows: string, anchors: string) =>
    `${rows} other records (administration, refusals, calls) are what ${anchors} anchors hold, which are linked to the events.`,
  waiting: (rows: string) =>
    `${rows} records are younger than the newest anchor; they are covered a few seconds later.`,
  head: 'Last link of the events',
  anchorHead: 'Last link of the anchors',
  limits: 'What this does not prove',
  notProven: [
    'That what was written is true: only that it was not changed afterwards.',
    'That nobody wrote the whole chain anew. Note the last links elsewhere, and compare: a later chain has to lead through them.',
    'Anything that was never recorded here, such as what is done directly in another system.',
  ],
  found: (count: string) => `${count} places differ:`,
  more: (count: string) => `… and ${count} more`,
  finding: (found: Finding) => {
    const at = found.position ?? found.anchor ?? found.row ?? found.stream ?? '';
    const words: Record<string, string> = {
      gap: `Events are missing before position ${at}.`,
      leaf: `The event at position ${at} was changed.`,
      chain: `The event at position ${at} does not follow on the one before.`,
      clock: `The event at position ${at} is older than the one before.`,
      versions: `The stream ${at} is not whole.`,
      altered: `A row of ${found.table ?? ''} was changed (${found.row ?? ''}, anchor ${found.anchor ?? ''}).`,
      deleted: `${found.rows ?? ''} rows of ${found.table ?? ''} are missing (anchor ${found.anchor ?? ''}).`,
      pruning: `The record ${at} says of a deletion what cannot have been.`,
      stray: `${found.rows ?? ''} rows of ${found.table ?? ''} name an anchor that there is not.`,
      'anchor-gap': `Anchors are missing before ${at}.`,
      anchor: `Anchor ${at} does not follow on the one before.`,
      'anchored-log': `The event at position ${at} is another than anchor ${found.anchor ?? ''} was linked to.`,
      missing: `The events up to position ${at} were answered for and are not there.`,
    };
    return words[found.finding] ?? `${found.finding} ${at}`;
  },
};

const de: typeof en = {
  prove: 'Protokoll nachweisen',
  title: 'Nachweis des Protokolls',
  close: 'Schließen',
  again: 'Noch einmal nachweisen',
  under: 'Die Kette wird vom ersten Ereignis an abgeschritten.',
  progress: 'Fortschritt des Nachweises',
  brokenOff:
    'Der Nachweis brach ab, bevor er zu Ende war; nachgewiesen ist nichts. Versuchen Sie es noch einmal.',
  sound: 'Das Protokoll ist, was geschrieben wurde',
  unsound: 'Das Protokoll ist nicht, was geschrieben wurde',
  events: (events, from, to) =>
    `${events} Ereignisse von ${from} bis ${to} sind lückenlos miteinander verkettet: Keines wurde geändert, eingefügt, vertauscht oder entfernt.`,
  noEvents: 'Es gibt noch keine Ereignisse.',
  beside: (rows, anchors) =>
    `${rows} weitere Einträge (Verwaltung, Ablehnungen, Aufrufe) sind, was ${anchors} Anker festhalten, die mit den Ereignissen verkettet sind.`,
  waiting: rows =>
    `${rows} Einträge sind jünger als der neueste Anker; sie sind einige Sekunden später erfasst.`,
  head: 'Letztes Glied der Ereignisse',
  anchorHead: 'Letztes Glied der Anker',
  limits: 'Was damit nicht nachgewiesen ist',
  notProven: [
    'Dass wahr ist, was geschrieben wurde: nur, dass es danach nicht geändert wurde.',
    'Dass niemand die ganze Kette neu geschrieben hat. Notieren Sie die letzten Glieder anderswo und vergleichen Sie: Eine spätere Kette muss durch sie führen.',
    'Alles, was hier nie verzeichnet wurde, etwa was unmittelbar in einem anderen System getan wird.',
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
      pruning: `Der Eintrag ${at} sagt über eine Löschung, was nicht gewesen sein kann.`,
      stray: `${found.rows ?? ''} Zeilen von ${found.table ?? ''} nennen einen Anker, den es nicht gibt.`,
      'anchor-gap': `Vor Anker ${at} fehlen Anker.`,
      anchor: `Anker ${at} schließt nicht an den vorigen an.`,
      'anchored-log': `Das Ereignis an Stelle ${at} ist ein anderes, als Anker ${found.anchor ?? ''} festhielt.`,
      missing: `Ereignisse bis Stelle ${at} wurden beantwortet und sind nicht da.`,
    };
    return words[found.finding] ?? `${found.finding} ${at}`;
  },
};

export const proofText = { en, de };
