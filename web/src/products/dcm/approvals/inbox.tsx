import { useCallback, useEffect, useRef } from 'react';
import { shownHere } from '@/shell/api/problem';
import { useOpenDialogs } from '@/shell/app/actions/open-dialogs';
import { Empty } from '@/shell/app/list/empty';
import { FreshNote } from '@/shell/app/list/fresh-note';
import { LoadMore, MoreFailed } from '@/shell/app/list/load-more';
import { useListKeys } from '@/shell/app/list/use-list-keys';
import { useRowKeys } from '@/shell/app/list/use-row-keys';
import { useSteadyRows } from '@/shell/app/list/use-steady-rows';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useRow, useRows } from '../api';
import { canDecide } from '../decide-several/decisions';
import { text as decideText } from '../decide-several/text';
import { WAITING_FOR_ME } from '../stages/waiting-for-me';
import { ApprovalCard } from './approval-card';
import type { InboxProps } from './routes';
import { SelectionBar } from './selection-bar';
import { text } from './text';
import { useSelection } from './use-selection';

const PAGE = 20;

/** Buttons of the card with the focus, by key. */
const KEYS = {
  a: '[data-command="approve-request"]',
  c: '[data-command="approve-with-comment"]',
  r: '[data-command="reject-request"]',
  q: '[data-command="ask-back"]',
  p: '[data-command="pass-on-decision"]',
  u: '[data-undo]',
  x: '[data-select]',
} as const;

/** Pending approvals, oldest first. */
export function Inbox({ all, onDecided }: InboxProps) {
  const t = useText(text);
  const query = all ? ({ status: 'pending', sort: 'submitted_at' } as const) : WAITING_FOR_ME;
  const rows = useRows('approvals', { ...query, limit: PAGE });
  const { data, error, refetch } = rows;
  const steady = useSteadyRows(data ?? NONE, keyOf, all ? 'all' : '');
  const selection = useSelection(steady.rows, steady.gone);
  const selected = new Set(selection.selected.map(keyOf));
  const list = useRef<HTMLDivElement>(null);
  const scrollTo = useCallback((index: number) => {
    list.current?.querySelector(`[data-row-index="${index}"]`)?.scrollIntoView({ block: 'nearest' });
  }, []);
  useListKeys(list, { count: steady.rows.length, scrollTo });
  useRowKeys(list, KEYS);
  const noteFocus = useFocusThatStays(list, steady.rows);

  if (!data && shownHere(error)) {
    return <ProblemAlert cause={error} onRetry={() => void refetch()} />;
  }
  if (!data) return <Skeleton className="h-64 rounded-xl" />;
  if (steady.rows.length === 0) {
    return (
      <Empty sentence={all ? t.emptyAll : t.empty}>
        <Button onClick={onDecided}>{t.emptyAction}</Button>
      </Empty>
    );
  }
  return (
    // The notice of new rows is below the bar, and so is a card that gets the focus.
    <div {...steady.place} className="[--above:4.5rem] lg:[--above:3.5rem]">
      <SelectionBar {...selection} />
      <FreshNote fresh={steady.fresh} update={steady.update} />
      <div ref={list} onFocus={noteFocus} className="grid gap-4 **:scroll-mt-32 lg:**:scroll-mt-20">
        {steady.rows.map((row, index) => (
          <InboxCard
            key={row.key}
            row={row}
            gone={steady.gone.has(row.key)}
            index={index}
            held={steady.held}
            selected={selected.has(row.key)}
            onSelect={selection.select}
          />
        ))}
        <MoreFailed rows={rows} />
        <div className="justify-self-center empty:hidden">
          <LoadMore rows={rows} />
        </div>
        <p className="hidden px-1 text-xs text-quiet @2xl:block print:hidden">{t.keys}</p>
      </div>
    </div>
  );
}

const NONE: Row<'approvals'>[] = [];
const keyOf = (row: Row<'approvals'>) => row.key;

interface InboxCardProps {
  row: Row<'approvals'>;
  /** Whether the row has left the list; its card keeps its place until the list may move. */
  gone: boolean;
  index: number;
  held: boolean;
  selected: boolean;
  onSelect: (key: string, isSelected: boolean) => void;
}

/** Card of a row, with its present values also after it has left the list. */
function InboxCard({ row, gone, index, held, selected, onSelect }: InboxCardProps) {
  const { data } = useRow('approvals', row.key, { enabled: gone, throwOnError: false });
  return (
    <ApprovalCard
      approval={gone ? (data ?? row) : row}
      index={index}
      held={held}
      select={
        <SelectBox
          name={row.vm_name ?? ''}
          checked={selected}
          disabled={gone || !canDecide(row)}
          onChange={isSelected => onSelect(row.key, isSelected)}
        />
      }
    />
  );
}

interface SelectBoxProps {
  name: string;
  checked: boolean;
  disabled: boolean;
  onChange: (isSelected: boolean) => void;
}

/** Checkbox of a card; it keeps its place when the person cannot decide on the request. */
function SelectBox({ name, checked, disabled, onChange }: SelectBoxProps) {
  const t = useText(decideText);
  return (
    <input
      type="checkbox"
      data-select
      aria-label={t.select(name)}
      className={cn('mt-1.5 size-4.5 accent-accent print:hidden', disabled && 'invisible')}
      checked={checked}
      disabled={disabled}
      onChange={event => onChange(event.target.checked)}
    />
  );
}

/**
 * Moves the focus when its card or button disappears: to the next card, to the card's name, or to
 * the page's title.
 */
function useFocusThatStays(list: React.RefObject<HTMLElement | null>, rows: Row<'approvals'>[] | undefined) {
  const held = useRef<{ key: string; index: number } | null>(null);
  const asking = useOpenDialogs().length > 0;
  useEffect(() => {
    const last = held.current;
    if (asking || !last || !rows || document.activeElement !== document.body) return;
    const same = rows.findIndex(row => row.key === last.key);
    if (same < 0) held.current = null;
    const next = same < 0 ? Math.min(last.index, rows.length - 1) : same;
    const link = list.current?.querySelector<HTMLElement>(`[data-row-index="${next}"] a`);
    (link ?? document.querySelector('h1'))?.focus();
  }, [list, rows, asking]);
  return useCallback(
    (event: React.FocusEvent) => {
      const card = event.target.closest<HTMLElement>('[data-row-index]');
      const index = Number(card?.dataset['rowIndex']);
      const key = card ? rows?.[index]?.key : undefined;
      held.current = key === undefined ? null : { key, index };
    },
    [rows],
  );
}
