import { isProblem } from '@/shell/api/problem';
import { useSession } from '@/shell/api/session';
import { problemText } from '@/shell/app/page/problem-text';
import { inMegabytes, useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { CheckField } from '@/shell/ui/check-field';
import type { Row } from '../api';
import { isDecommission } from '../requests/kind';
import { presentDecisions } from '../stages/approval';
import { text } from './text';
import type { Result } from './use-decide-all';

interface DecideLineProps {
  row: Row<'approvals'>;
  /** Whether a decision of this dialog on the request is still possible. */
  open: boolean;
  chosen: boolean;
  result: Result | undefined;
  busy: boolean;
  onChoose: (isChosen: boolean) => void;
}

/** Checkbox of one request with what is decided, and the result or the present state. */
export function DecideLine({ row, open, chosen, result, busy, onChoose }: DecideLineProps) {
  const state = useDecidedState(row, result);
  const facts = useFacts(row);
  return (
    <CheckField
      label={row.vm_name ?? row.key}
      hint={open ? facts : state}
      error={useFailure(result, open)}
      checked={chosen}
      disabled={busy || !open}
      onChange={event => onChoose(event.target.checked)}
    />
  );
}

/** Requester, size and cost, on which the person decides. */
function useFacts(row: Row<'approvals'>): string {
  const t = useText(text);
  const format = useFormat();
  const cost = isDecommission(row) ? t.costEnds : t.cost;
  const facts = [
    row.requester_name,
    t.size(format.number(row.cpus), format.memory(inMegabytes(row.memory_gb))),
    cost(format.money(row.monthly_cents, row.currency)),
  ];
  return facts.filter(Boolean).join(' · ');
}

/** State of a request on which the person cannot decide any more. */
function useDecidedState(row: Row<'approvals'>, result: Result | undefined): string | undefined {
  const t = useText(text);
  const { actor } = useSession();
  const own = presentDecisions(row).findLast(one => one.approver_id === actor);
  const approved =
    result?.kind === 'recorded' ? result.decision === 'approve-request' : own && own.verdict === 'approve';
  if (approved !== undefined) return approved ? t.approved : t.rejected;
  return row.status === 'pending' ? t.notYours : (row.status_text ?? undefined);
}

/** Sentences about a decision that failed, or of which it is not known whether it did. */
function useFailure(result: Result | undefined, open: boolean): string | undefined {
  const t = useText(text);
  const shell = useShellText();
  const format = useFormat();
  if (!result || result.kind === 'recorded') return undefined;
  // The present row of a request that is decided says what came of it.
  if (result.kind === 'unknown') return open ? t.unknown : undefined;
  const { cause, changed } = result;
  if (!isProblem(cause)) return t.failed;
  const { title, detail } = problemText(cause, shell);
  const accept =
    changed &&
    t.accept(
      format.money(changed.expected_cents, changed.currency),
      format.money(changed.monthly_cents, changed.currency),
    );
  return [title, detail, accept].filter(Boolean).join(' ');
}
