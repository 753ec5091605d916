import { shownHere } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { ProblemAlert } from '../page/problem-alert';
import type { RowSource } from './row-list-props';

type Source = Omit<RowSource<unknown>, 'data'>;

/** Whether the rest could not be loaded and no other place says so. */
export function moreFailed(rows: Source): boolean {
  return Boolean(rows.isFetchNextPageError) && shownHere(rows.error);
}

/** Why the rest of a list is not there. */
export function MoreFailed({ rows }: { rows: Source }) {
  return moreFailed(rows) && !rows.isFetchingNextPage ? <ProblemAlert cause={rows.error} /> : null;
}

/** Loads the rest of a list, or tries to once more. */
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
