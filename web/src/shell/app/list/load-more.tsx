import { shownHere } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { ProblemAlert } from '../page/problem-alert';
import type { RowSource } from './row-list-props';

type Source = Omit<RowSource<unknown>, 'data'>;

/** Whether loading more rows failed and no other element reports that. */
export function moreFailed(rows: Source): boolean {
  return Boolean(rows.isFetchNextPageError) && shownHere(rows.error);
}

/** Reason why further rows could not be loaded. */
export function MoreFailed({ rows }: { rows: Source }) {
  return moreFailed(rows) && !rows.isFetchingNextPage ? <ProblemAlert cause={rows.error} /> : null;
}

/** Button to load further rows, or to retry. */
export function LoadMore({ rows, size }: { rows: Source; size?: ButtonProps['size'] }) {
  const t = useShellText();
  if (!rows.hasNextPage) return null;
  return (
    <Button
      size={size ?? 'normal'}
      busy={rows.isFetchingNextPage ?? false}
      onClick={() => void rows.fetchNextPage?.()}
    >
      {rows.isFetchingNextPage ? t.list.loadingMore : moreFailed(rows) ? t.retry : t.list.more}
    </Button>
  );
}
