import { useCallback, useEffect, useRef } from 'react';
import { openDialog } from '@/shell/app/actions/open-dialogs';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { targetOf } from '@/shell/app/list/use-list-keys';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { text } from '../decide-several/text';
import type { DecideSelectedProps } from './decide-selected';
import type { Selection } from './use-selection';

const DecideSelected = lazyPage<'DecideSelected', DecideSelectedProps>(
  () => import('./decide-selected'),
  'DecideSelected',
);

/** Key that opens the decision on the selected requests. */
const KEY = 'd';

/** Selection of all requests, and the decision on those that are selected. */
export function SelectionBar({ selectable, selected, selectAll }: Selection) {
  const t = useText(text);
  const format = useFormat();
  const box = useRef<HTMLInputElement>(null);
  const isPartial = selected.length > 0 && selected.length < selectable.length;
  useEffect(() => {
    if (box.current) box.current.indeterminate = isPartial;
  }, [isPartial]);
  const decide = useCallback(
    () => openDialog(({ close }) => <DecideSelected selected={selected} close={close} />),
    [selected],
  );
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== KEY || event.repeat || selected.length === 0 || !targetOf(event)) return;
      event.preventDefault();
      decide();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [selected, decide]);
  return (
    <div className="sticky top-14 z-10 mb-3 flex min-h-13 flex-wrap items-center gap-x-4 gap-y-1 rounded-xl border border-line bg-surface px-5 py-1.5 shadow-low sm:px-6 lg:top-0 print:hidden">
      <label className="flex items-center gap-3 text-sm">
        <input
          ref={box}
          type="checkbox"
          className="size-4.5 accent-accent"
          checked={selected.length > 0 && !isPartial}
          disabled={selectable.length === 0}
          onChange={event => selectAll(event.target.checked)}
        />
        {t.selectAll}
      </label>
      <p role="status" className="min-w-0 flex-1 text-sm text-quiet">
        {selected.length > 0
          ? t.selected(format.number(selected.length), format.number(selectable.length))
          : null}
      </p>
      <Button size="small" disabled={selected.length === 0} onClick={decide}>
        {t.decide}
      </Button>
    </div>
  );
}
