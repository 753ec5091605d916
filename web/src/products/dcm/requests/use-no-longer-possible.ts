import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type Action, useRow } from '../api';
import { text } from './text';

/** Reason why an open dialog's action is no longer possible, with the author of the decision. */
export function useNoLongerPossible(action: Action): string | null {
  const t = useText(text);
  const format = useFormat();
  const { data: row } = useRow('requests', String(action.body.request), { throwOnError: false });
  const now = row?.actions.find(one => one.command === action.command);
  // A row whose product failed offers nothing.
  if (!row || now?.allowed || row.waiting?.code === 'row-fault') return null;
  // A decision is not offered to people who are no longer asked.
  const why = now ? now.why : t.noLongerPossible;
  if (!row.decided_by_name) return why;
  return `${why} ${t.decidedBy(row.decided_by_name, format.since(row.decided_at))}`;
}
