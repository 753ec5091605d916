import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type Action, useRow } from '../api';
import { text } from './text';

/** Reason why an open dialog's action is no longer possible, with the author of the decision. */
export function useOvertaken(action: Action): string | null {
  const t = useText(text);
  const format = useFormat();
  const { data: row } = useRow('requests', String(action.body.request), { throwOnError: false });
  const now = row?.actions.find(one => one.command === action.command);
  if (!row || !now || now.allowed) return null;
  if (!row.decided_by_name) return now.why;
  return `${now.why} ${t.decidedBy(row.decided_by_name, format.since(row.decided_at))}`;
}
