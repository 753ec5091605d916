import { Link } from '@tanstack/react-router';
import { ChevronsUpDown, LogOut, Mail } from 'lucide-react';
import { useSession } from '@/shell/api/session';
import { THEMES, type Theme, chooseTheme, useTheme } from '@/shell/app/theme';
import { LANGUAGES, type Language, useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { initials } from '@/shell/ui/face';
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '@/shell/ui/menu';
import { useChooseLanguage } from './use-choose-language';
import { useSignOut } from './use-sign-out';

/** Time zone of the browser, in which all times are shown. */
const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function AccountMenu() {
  const t = useShellText();
  const session = useSession();
  const current = useLanguage();
  const theme = useTheme();
  const signOut = useSignOut();
  const choose = useChooseLanguage();
  return (
    <Menu>
      <MenuTrigger className="flex w-full items-center gap-2.5 rounded-md p-1.5 text-left transition-colors hover:bg-hover">
        <span className="sr-only">{t.account.menu}</span>
        <Initials name={session.name} />
        <span className="grid min-w-0 flex-1 leading-tight">
          <span className="wrap-anywhere text-sm font-medium">{session.name}</span>
          <span className="wrap-anywhere text-xs text-quiet">
            {session.tenant?.name ?? t.account.operator}
          </span>
        </span>
        <ChevronsUpDown aria-hidden className="size-4 text-quiet" />
      </MenuTrigger>
      <MenuContent align="start" side="top">
        <MenuLabel>{t.account.language}</MenuLabel>
        <MenuRadioGroup value={current} onValueChange={chosen => choose(chosen as Language)}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <MenuRadioItem key={code} value={code} lang={code}>
              {name}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuLabel>{t.account.theme}</MenuLabel>
        <MenuRadioGroup value={theme} onValueChange={chosen => chooseTheme(chosen as Theme)}>
          {THEMES.map(one => (
            <MenuRadioItem key={one} value={one}>
              {t.account[one]}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuLabel>{t.account.times(ZONE)}</MenuLabel>
        {session.kind === 'member' ? (
          <MenuItem asChild>
            <Link to="/mail-settings">
              <Mail aria-hidden />
              {t.account.mailSettings}
            </Link>
          </MenuItem>
        ) : null}
        <MenuItem onSelect={signOut}>
          <LogOut aria-hidden />
          {t.account.signOut}
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}

function Initials({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text"
    >
      {initials(name)}
    </span>
  );
}
