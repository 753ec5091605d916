import type { RowData } from '@tanstack/react-table';
import { type RefObject, useLayoutEffect, useMemo, useState } from 'react';
import type { RowColumn } from './column';
import { type FittedColumns, fitColumns } from './fit-columns';

const NOTHING: ReadonlyMap<string, number> = new Map();

interface Room<R extends RowData> {
  table: RefObject<HTMLTableElement | null>;
  columns: RowColumn<R>[];
  /** Available width in px. */
  room: number;
  sort: string | undefined;
  /** Rows of the list, whose contents determine the widths. */
  rows: readonly R[];
  /** Identifies the rendered rows. */
  drawn: string;
}

/**
 * Columns that fit, by the measured widths of their contents. Widths only grow while the list is
 * the same, so that columns do not move during scrolling.
 */
export function useFittedColumns<R extends RowData>(list: Room<R>): FittedColumns<R> {
  const { table, columns, room, sort, rows, drawn } = list;
  const headers = columns.map(({ header }) => header).join('\n');
  const [found, setFound] = useState({ headers, widths: NOTHING });
  const widths = found.headers === headers ? found.widths : NOTHING;
  const fitted = useMemo(() => fitColumns(columns, room, widths, sort), [columns, room, widths, sort]);
  const shown = fitted.columns.length;
  useLayoutEffect(() => {
    const look = () =>
      setFound(known => {
        const before = known.headers === headers ? known.widths : NOTHING;
        const wider = measure(table.current, before);
        return wider ? { headers, widths: wider } : known;
      });
    look();
    // Widths before the web font has loaded are those of another font.
    void document.fonts?.ready.then(look);
  }, [table, headers, rows, drawn, shown]);
  return fitted;
}

function measure(table: HTMLTableElement | null, known: ReadonlyMap<string, number>) {
  let wider: Map<string, number> | undefined;
  for (const cell of table?.querySelectorAll<HTMLElement>('[data-whole]') ?? []) {
    const id = cell.dataset['whole'] ?? '';
    const needed = neededBy(cell);
    if (needed > ((wider ?? known).get(id) ?? 0)) (wider ??= new Map(known)).set(id, needed);
  }
  return wider;
}

/** Width of a cell's contents, which may exceed the width that the table assigns. */
function neededBy(cell: HTMLElement): number {
  const contents = document.createRange();
  contents.selectNodeContents(cell);
  const { paddingLeft, paddingRight } = getComputedStyle(cell);
  return Math.ceil(
    contents.getBoundingClientRect().width + parseFloat(paddingLeft) + parseFloat(paddingRight),
  );
}
