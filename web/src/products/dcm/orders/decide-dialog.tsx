import { useState } from 'react';
import { isProblem } from '@/shell/api/problem';
import { problemText } from '@/shell/app/page/problem-text';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { CheckField } from '@/shell/ui/check-field';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useAllRows } from '../api';
import { byLine } from './by-line';
import { type Decision, canDecide, offered } from './decisions';
import { text } from './text';
import { type Result, useDecideAll } from './use-decide-all';

interface DecideDialogProps {
  orderId: string;
  requester: string | null;
  close: () => void;
}

/** Decision on several machines of an order, with one result per machine. */
export function DecideDialog({ orderId, requester, close }: DecideDialogProps) {
  const t = useText(text).decide;
  const shell = useShellText();
  const format = useFormat();
  const { data } = useAllRows('approvals', { order_id: orderId, limit: 100 });
  const { results, busy, mistake, decide } = useDecideAll();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [said, setSaid] = useState('');
  const rows = byLine(data ?? []);
  const chosen = rows.filter(row => canDecide(row) && !left.has(row.key));
  const choose = (key: string, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(key);
    else next.add(key);
    setLeft(next);
  };
  const button = (decision: Decision) => {
    const those = chosen.filter(row => offered(row, decision));
    const [label, look] =
      decision === 'approve-request' ? ([t.approve, 'primary'] as const) : ([t.reject, 'danger'] as const);
    return (
      <Button
        look={look}
        disabled={busy || those.length === 0}
        onClick={() => void decide(decision, those, said)}
      >
        {label(format.number(those.length))}
      </Button>
    );
  };
  const recorded = [...results.values()].filter(result => 'recorded' in result).length;
  return (
    <Dialog open onOpenChange={open => !open && !busy && close()}>
      <DialogContent title={t.title(requester || t.somebody)} lead={t.lead} closeLabel={shell.close}>
        <ul aria-label={t.which} className="grid gap-2.5" aria-busy={busy}>
          {data ? null : <Skeleton className="h-24" />}
          {rows.map(row => (
            <li key={row.key}>
              <Machine
                row={row}
                chosen={chosen.includes(row)}
                result={results.get(row.key)}
                busy={busy}
                onChoose={isChosen => choose(row.key, isChosen)}
              />
            </li>
          ))}
        </ul>
        <p role="status" className="text-sm empty:hidden">
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

interface MachineProps {
  row: Row<'approvals'>;
  chosen: boolean;
  result: Result | undefined;
  busy: boolean;
  onChoose: (isChosen: boolean) => void;
}

/** Checkbox of one machine, with the result of its decision or its present state. */
function Machine({ row, chosen, result, busy, onChoose }: MachineProps) {
  const t = useText(text).decide;
  const shell = useShellText();
  const decidable = canDecide(row);
  const refused = result && 'refused' in result && isProblem(result.refused) ? result.refused : undefined;
  const problem = refused && problemText(refused, shell);
  const recorded =
    result && 'recorded' in result
      ? result.recorded === 'approve-request'
        ? t.approved
        : t.rejected
      : undefined;
  const state = row.status === 'pending' && !decidable ? t.notYours : (row.status_text ?? undefined);
  return (
    <CheckField
      label={row.vm_name ?? row.key}
      hint={recorded ?? state}
      error={problem && [problem.title, problem.detail].filter(Boolean).join(' ')}
      checked={chosen}
      disabled={busy || !decidable}
      onChange={event => onChoose(event.target.checked)}
    />
  );
}
