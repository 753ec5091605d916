import { ArrowUp } from 'lucide-react';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';

/**
 * Notice of new rows, placed over the list so that rows do not move. `--above` is the height of a
 * bar that stays above the list.
 */
export function FreshNote({ fresh, update }: { fresh: number; update: () => void }) {
  const t = useShellText().list;
  const format = useFormat();
  const text = t.fresh(format.number(fresh));
  return (
    <div className="pointer-events-none sticky top-[calc(0.75rem+var(--above,0px))] z-20 flex h-0 justify-center">
      <span role="status" className="sr-only">
        {fresh > 0 ? text : ''}
      </span>
      {fresh > 0 ? (
        <Button
          look="primary"
          size="small"
          className="pointer-events-auto -translate-y-1/2 rounded-full shadow-high"
          onClick={update}
        >
          <ArrowUp aria-hidden />
          {text} · {t.showFresh}
        </Button>
      ) : null}
    </div>
  );
}
