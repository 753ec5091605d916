import { useEffect } from 'react';
import { useStore } from '@/shell/api/store';
import { useShellText } from '@/shell/i18n/shell-text';
import { Dialog, DialogContent } from '@/shell/ui/dialog';
import { lazyPage } from '../page/lazy-page';
import { paletteOpen, paletteText } from './palette-open';

const Palette = lazyPage(() => import('@/shell/features/search/palette'), 'Palette', Field);

/** Field that takes the first letters while the palette is loading. */
function Field() {
  const t = useShellText();
  return (
    <input
      aria-label={t.palette.title}
      className="h-12 bg-transparent pr-4 pl-11 text-sm outline-none"
      value={useStore(paletteText)}
      onChange={event => paletteText.set(event.target.value)}
    />
  );
}

function setOpen(open: boolean): void {
  paletteText.set('');
  paletteOpen.set(open);
}

/**
 * Search and commands, opened by Ctrl-K or the magnifier. The content is loaded when the browser is
 * idle.
 */
export function CommandPalette() {
  const t = useShellText();
  const open = useStore(paletteOpen);
  useEffect(() => {
    const toggle = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen(!paletteOpen.get());
    };
    document.addEventListener('keydown', toggle);
    return () => document.removeEventListener('keydown', toggle);
  }, []);

  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogContent
        title={t.palette.title}
        className="top-[16vh] max-w-xl translate-y-0 gap-0 overflow-hidden p-0 [&>div:first-child]:sr-only"
      >
        <Palette />
      </DialogContent>
    </Dialog>
  );
}
