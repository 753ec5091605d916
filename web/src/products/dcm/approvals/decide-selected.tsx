import { useText } from '@/shell/i18n/use-text';
import { type Row, useRowsByKey } from '../api';
import { DecideSeveral } from '../decide-several/decide-several';
import { text } from '../decide-several/text';
import { useDecideAll } from '../decide-several/use-decide-all';

export interface DecideSelectedProps {
  /** Requests as the person selected them. */
  selected: readonly Row<'approvals'>[];
  close: () => void;
}

/**
 * Decision on the selected requests of the inbox. Those whose decision was not recorded are read
 * again, so that its repetition is for the request as it is now.
 */
export function DecideSelected({ selected, close }: DecideSelectedProps) {
  const t = useText(text);
  const decisions = useDecideAll();
  const failed = [...decisions.results].flatMap(([key, { kind }]) => (kind === 'recorded' ? [] : [key]));
  const present = useRowsByKey('approvals', failed);
  return (
    <DecideSeveral
      title={t.title}
      label={t.label}
      rows={selected.map(row => present.get(row.key) ?? row)}
      decisions={decisions}
      close={close}
    />
  );
}
