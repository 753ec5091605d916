import { useState } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { Skeleton } from '@/shell/ui/skeleton';
import type { Row } from '../api';
import { DecideLine } from './decide-line';
import { type Decision, canDecide, offered } from './decisions';
import { text } from './text';
import type { DecideAll } from './use-decide-all';

interface DecideSeveralProps {
  title: string;
  /** Accessible name of the list. */
  label: string;
  /** Requests in display order; undefined: loading. */
  rows: readonly Row<'approvals'>[] | undefined;
  /** Decisions of this dialog, with their results. */
  decisions: DecideAll;
  close: () => void;
}

/** Decision on several requests, with one result per request. Failed ones can be repeated. */
export function DecideSeveral({ title, label, rows, decisions, close }: DecideSeveralProps) {
  const t = useText(text);
  const shell = useShellText();
  const format = useFormat();
  const { results, busy, mistake, decide } = decisions;
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [said, setSaid] = useState('');
  const isOpen = (row: Row<'approvals'>) => canDecide(row) && results.get(row.key)?.kind !== 'recorded';
  const chosen = (rows ?? []).filter(row => isOpen(row) && !left.has(row.key));
  const choose = (key: string, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(key);
    else next.add(key);
    setLeft(next);
  };
  const button = (decision: Decision) => {
    const those = chosen.filter(row => offered(row, decision));
    const [write, look] =
      decision === 'approve-request' ? ([t.approve, 'primary'] as const) : ([t.reject, 'danger'] as const);
    return (
      <Button
        look={look}
        disabled={busy || those.length === 0}
        onClick={() => void decide(decision, those, said)}
      >
        {write(format.number(those.length))}
      </Button>
    );
  };
  const recorded = [...results.values()].filter(({ kind }) => kind === 'recorded').length;
  return (
    <Dialog open onOpenChange={open => !open && !busy && close()}>
      <DialogContent title={title} lead={t.lead} closeLabel={shell.close}>
        <ul aria-label={label} className="grid gap-2.5" aria-busy={busy}>
          {rows ? null : <Skeleton className="h-24" />}
          {rows?.map(row => (
            <li key={row.key}>
              <DecideLine
                row={row}
                open={isOpen(row)}
                chosen={chosen.includes(row)}
                result={results.get(row.key)}
                busy={busy}
                onChoose={isChosen => choose(row.key, isChosen)}
              />
            </li>
          ))}
        </ul>
        <p role="status" className="text-sm empty:sr-only">
          {results.size > 0 && !busy ? t.done(format.number(recorded), format.number(results.size)) : null}
        </p>
        <Field label={t.comment} hint={t.hint} error={mistake}>
          <Textarea rows={3} value={said} onChange={event => setSaid(event.target.value)} />
        </Field>
        <DialogActions>
          <Button onClick={close} disabled={busy}>
            {shell.close}
          </Button>
          {button('reject-request')}
          {button('approve-request')}
        </DialogActions>
      </DialogContent>
    </Dialog>
  );
}
