import { useNavigate } from '@tanstack/react-router';
import { Languages, LogOut, Sparkle, SunMoon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useSession } from '@/api/session';
import { useStore } from '@/api/store';
import { navigation } from '@/app/shell/nav';
import { useAllPageCommands } from '@/app/shell/page-commands';
import { paletteOpen, paletteText } from '@/app/shell/palette-open';
import { useSignOut } from '@/app/shell/use-sign-out';
import { THEMES, chooseTheme } from '@/app/theme';
import { LANGUAGES, type Language, language } from '@/i18n/language';
import { useShellText } from '@/i18n/shell-text';
import { useText } from '@/i18n/use-text';
import { Command, CommandEmpty, CommandGroup, CommandInput, CommandItem, CommandList } from '@/ui/command';
import { FoundThings } from './found-things';
import { score } from './score';
import { text } from './text';
import { useFound } from './use-found';

const choose = (run: () => void) => () => {
  paletteOpen.set(false);
  paletteText.set('');
  run();
};

/** What is looked for and what is done, from the keyboard: things by name or address, pages, commands. */
export function Palette() {
  const shell = useShellText();
  const t = useText(text);
  const typed = useStore(paletteText);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const found = useFound(typed);
  return (
    <Command label={shell.palette.title} loop filter={score}>
      <CommandInput
        ref={input}
        placeholder={shell.palette.placeholder}
        value={typed}
        onValueChange={paletteText.set}
      />
      <CommandList label={shell.palette.title} aria-busy={found.state === 'searching'}>
        <CommandEmpty>
          {found.state === 'failed'
            ? t.failed
            : found.state === 'searching'
              ? t.searching
              : shell.palette.empty}
        </CommandEmpty>
        <Commands />
        <FoundThings found={found} choose={choose} />
      </CommandList>
    </Command>
  );
}

function Commands() {
  const t = useShellText();
  const session = useSession();
  const navigate = useNavigate();
  const here = useAllPageCommands();
  const signOut = useSignOut();
  return (
    <>
      {here.length > 0 ? (
        <CommandGroup heading={t.palette.here}>
          {here.map(({ label, run }) => (
            <CommandItem key={label} onSelect={choose(run)}>
              <Sparkle aria-hidden />
              {label}
            </CommandItem>
          ))}
        </CommandGroup>
      ) : null}
      <CommandGroup heading={t.palette.pages}>
        {navigation(session, t).flatMap(group =>
          group.entries.map(({ to, label, Icon }) => (
            <CommandItem key={to} onSelect={choose(() => void navigate({ to }))}>
              <Icon aria-hidden />
              {label}
            </CommandItem>
          )),
        )}
      </CommandGroup>
      <CommandGroup heading={t.palette.settings}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <CommandItem key={code} onSelect={choose(() => language.choose(code as Language))}>
            <Languages aria-hidden />
            {t.palette.language(name)}
          </CommandItem>
        ))}
        {THEMES.map(theme => (
          <CommandItem key={theme} onSelect={choose(() => chooseTheme(theme))}>
            <SunMoon aria-hidden />
            {t.palette.theme(t.account[theme])}
          </CommandItem>
        ))}
        <CommandItem onSelect={choose(signOut)}>
          <LogOut aria-hidden />
          {t.account.signOut}
        </CommandItem>
      </CommandGroup>
    </>
  );
}
