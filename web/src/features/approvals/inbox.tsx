import { useCallback, useRef } from 'react';
import { isProblem } from '@/api/problem';
import { useRows } from '@/api/rows';
import { Empty } from '@/app/list/empty';
import { useListKeys } from '@/app/list/use-list-keys';
import { ProblemAlert } from '@/app/page/problem-alert';
import { useShellText } from '@/i18n/shell-text';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { Skeleton } from '@/ui/skeleton';
import { ApprovalCard } from './approval-card';
import { text } from './text';

/** What waits, the longest first. */
export function Inbox({ onDecided }: { onDecided: () => void }) {
  const t = useText(text);
  const shell = useShellText();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useRows('approvals', {
    status: 'pending',
    sort: 'submitted_at',
    limit: 20,
  });
  const list = useRef<HTMLDivElement>(null);
  const scrollTo = useCallback((index: number) => {
    list.current?.querySelector(`[data-row-index="${index}"]`)?.scrollIntoView({ block: 'nearest' });
  }, []);
  useListKeys(list, { count: data?.length ?? 0, scrollTo });

  if (!data && isProblem(error) && error.status !== 0) {
    return <ProblemAlert cause={error} onRetry={() => void refetch()} />;
  }
  if (!data) return <Skeleton className="h-64 rounded-xl" />;
  if (data.length === 0) {
    return (
      <Empty sentence={t.empty}>
        <Button onClick={onDecided}>{t.emptyAction}</Button>
      </Empty>
    );
  }
  return (
    <div ref={list} className="grid gap-4">
      {data.map((approval, index) => (
        <ApprovalCard key={approval.key} approval={approval} index={index} />
      ))}
      {hasNextPage ? (
        <Button
          busy={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
          className="justify-self-center"
        >
          {shell.list.more}
        </Button>
      ) : null}
    </div>
  );
}
