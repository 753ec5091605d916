import { Link } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useSession } from '@/shell/api/session';
import { useShellText } from '@/shell/i18n/shell-text';
import { AccountMenu } from './account-menu';
import { Brand } from './brand';
import { useNavigation } from './nav';
import { paletteOpen } from './palette-open';

/** Navigation beside the page on wide screens. */
export function Sidebar() {
  const t = useShellText();
  const session = useSession();
  return (
    <header className="hidden border-r border-line bg-surface lg:block">
      <div className="sticky top-0 z-20 flex h-dvh flex-col">
        <div className="px-4 pt-4 pb-3">
          <Link to="/" className="block rounded-md">
            <Brand under={session.tenant?.name ?? t.account.operator} />
          </Link>
        </div>
        <div className="px-3 pb-2">
          <button
            type="button"
            onClick={() => paletteOpen.set(true)}
            aria-keyshortcuts="Control+K Meta+K"
            className="flex h-9 w-full items-center gap-2.5 rounded-md border border-line bg-canvas px-2.5 text-sm text-quiet transition-colors hover:border-line-strong hover:text-text"
          >
            <Search aria-hidden className="size-4" />
            {t.palette.open}
            <kbd
              aria-hidden
              className="ml-auto rounded border border-line bg-surface px-1.5 font-mono text-2xs"
            >
              {SHORTCUT}
            </kbd>
          </button>
        </div>
        <NavList />
        <div className="mt-auto border-t border-line p-3">
          <AccountMenu />
        </div>
      </div>
    </header>
  );
}

const SHORTCUT = /Mac|iP/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K';

export function NavList({ onNavigate }: { onNavigate?: () => void }) {
  const t = useShellText();
  return (
    <nav aria-label={t.nav.label} className="min-h-0 flex-1 overflow-y-auto px-3 py-2">
      {useNavigation().map(group => (
        <div key={group.label} className="mb-5">
          <p className="px-2.5 pb-1.5 text-xs font-medium text-faint">{group.label}</p>
          <ul className="grid gap-0.5">
            {group.entries.map(({ to, label, Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  {...(onNavigate ? { onClick: onNavigate } : {})}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  className="group flex min-h-9 items-center gap-2.5 rounded-md px-2.5 text-sm text-quiet transition-colors hover:bg-hover hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent-text"
                >
                  <Icon aria-hidden className="size-4 shrink-0" />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
