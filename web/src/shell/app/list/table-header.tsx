import type { RowData } from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useShellText } from '@/shell/i18n/shell-text';
import { cn } from '@/shell/ui/cn';
import type { RowColumn } from './column';

interface HeaderProps<R extends RowData> {
  column: RowColumn<R>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}

/** Header of a column, which orders the list if it can. */
export function Header<R extends RowData>({ column, sort, onSort }: HeaderProps<R>) {
  const t = useShellText();
  const style = cn(
    'h-10 px-3 text-left text-xs font-medium whitespace-nowrap text-quiet first:pl-4 last:pr-4',
    column.align === 'end' && 'text-right',
  );
  const by = column.sort;
  if (!by || !onSort) {
    return (
      <th scope="col" data-whole={column.id} className={style}>
        {column.header}
      </th>
    );
  }
  const direction = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : undefined;
  const Icon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : null;
  return (
    <th scope="col" data-whole={column.id} aria-sort={direction} className={style}>
      <button
        type="button"
        title={t.list.sortBy}
        onClick={() => onSort(direction === 'ascending' ? `-${by}` : by)}
        className={cn(
          'group -mx-1.5 inline-flex items-center gap-1 rounded px-1.5 py-1 hover:bg-hover hover:text-text',
          direction && 'text-text',
        )}
      >
        {column.header}
        {Icon ? <Icon aria-hidden className="size-3.5 shrink-0" /> : null}
      </button>
    </th>
  );
}
