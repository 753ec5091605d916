import { Link } from '@tanstack/react-router';
import { Menu as MenuIcon, Search } from 'lucide-react';
import { useState } from 'react';
import { useSession } from '@/shell/api/session';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogTrigger, SheetContent } from '@/shell/ui/dialog';
import { AccountMenu } from './account-menu';
import { Brand } from './brand';
import { paletteOpen } from './palette-open';
import { NavList } from './sidebar';

/** Navigation above the page on narrow screens. */
export function TopBar() {
  const t = useShellText();
  const session = useSession();
  const [open, setOpen] = useState(false);
  const under = session.tenant?.name ?? t.account.operator;
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-surface px-2.5 lg:hidden">
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogTrigger asChild>
          <Button look="quiet" size="icon" aria-label={t.nav.open}>
            <MenuIcon aria-hidden />
          </Button>
        </DialogTrigger>
        <SheetContent title={t.nav.label} closeLabel={t.close}>
          <div className="px-4 py-3.5">
            <Brand under={under} />
          </div>
          <NavList onNavigate={() => setOpen(false)} />
          <div className="border-t border-line p-3">
            <AccountMenu />
          </div>
        </SheetContent>
      </Dialog>
      <Link to="/" className="min-w-0 flex-1 rounded-md">
        <Brand under={under} />
      </Link>
      <Button look="quiet" size="icon" aria-label={t.palette.open} onClick={() => paletteOpen.set(true)}>
        <Search aria-hidden />
      </Button>
    </header>
  );
}
