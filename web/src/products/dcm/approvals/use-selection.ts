import { useState } from 'react';
import type { Row } from '../api';
import { canDecide } from '../decide-several/decisions';

export interface Selection {
  /** Rows that can be selected. */
  selectable: readonly Row<'approvals'>[];
  selected: readonly Row<'approvals'>[];
  select: (key: string, isSelected: boolean) => void;
  selectAll: (isSelected: boolean) => void;
}

/** Rows that the person selected, out of those on which they can decide. */
export function useSelection(rows: readonly Row<'approvals'>[], gone: ReadonlySet<string>): Selection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(NONE);
  const selectable = rows.filter(row => canDecide(row) && !gone.has(row.key));
  return {
    selectable,
    selected: selectable.filter(row => keys.has(row.key)),
    select: (key, isSelected) => {
      const next = new Set(keys);
      if (isSelected) next.add(key);
      else next.delete(key);
      setKeys(next);
    },
    selectAll: isSelected => setKeys(isSelected ? new Set(selectable.map(row => row.key)) : NONE),
  };
}

const NONE: ReadonlySet<string> = new Set();
