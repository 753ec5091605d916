import { useNavigate } from '@tanstack/react-router';
import { Languages, LogOut, Sparkle, SunMoon } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useStore } from '@/shell/api/store';
import { useNavigation } from '@/shell/app/layout/nav';
import { useAllPageCommands } from '@/shell/app/layout/page-commands';
import { paletteOpen, paletteText } from '@/shell/app/layout/palette-open';
import { useSignOut } from '@/shell/app/layout/use-sign-out';
import { THEMES, chooseTheme } from '@/shell/app/theme';
import { useChooseLanguage } from '@/shell/app/layout/use-choose-language';
import { LANGUAGES, type Language } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import {
  Command,
  CommandEmpty,
  CommandGroup,
  CommandInput,
  CommandItem,
  CommandList,
} from '@/shell/ui/command';
import { ACTS, FOUND, isPreselected, score } from './score';
import { text } from './text';
import { type Found, useFound } from './use-found';

const choose = (run: () => void) => () => {
  paletteOpen.set(false);
  paletteText.set('');
  run();
};

/** Search by keyboard: pages, things by name or address, and commands. */
export function Palette() {
  const shell = useShellText();
  const t = useText(text);
  const typed = useStore(paletteText);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const found = useFound(typed);
  const selection = useSelection(found);
  const said = { failed: t.failed, searching: t.searching, found: found.more ? t.more : '' }[found.state];
  return (
    <Command label={shell.palette.title} loop filter={score} {...selection}>
      <CommandInput
        ref={input}
        placeholder={shell.palette.placeholder}
        value={typed}
        onValueChange={paletteText.set}
      />
      <CommandList label={shell.palette.title} aria-busy={found.state === 'searching'}>
        <CommandEmpty>{found.state === 'found' ? shell.palette.empty : null}</CommandEmpty>
        <Pages />
        {found.products.map(({ product: { id, search }, rows }) => (
          <search.Found key={id} rows={rows} words={found.words} choose={choose} />
        ))}
        <Commands />
      </CommandList>
      <p
        role="status"
        className={cn(
          'border-t border-line px-4 py-2 text-xs empty:sr-only',
          found.state === 'failed' ? 'text-bad' : 'text-quiet',
        )}
      >
        {said}
      </p>
    </Command>
  );
}

/** Value of no entry, different each time, because the list would keep its own selection. */
const NONE = 'none:';

/**
 * Selected entry, which Enter opens.
 *
 * Typing selects the first matching page, else the first result, and follows it while results of
 * several views arrive. Entries that act are selected only by arrow keys or pointer.
 */
function useSelection({ first }: Found) {
  const [value, setValue] = useState('');
  const [byHand, setByHand] = useState(false);
  const followsResults = !byHand && (value.startsWith(NONE) || value.startsWith(FOUND));
  if (followsResults && first !== null && first !== value) setValue(first);
  return {
    value,
    onValueChange: (next: string) =>
      setValue(before => (byHand || isPreselected(next) ? next : before === NONE ? `${NONE}again` : NONE)),
    onKeyDown: (event: KeyboardEvent) =>
      setByHand(MOVES.has(event.key) || (event.ctrlKey && 'npjk'.includes(event.key))),
    onPointerMove: () => setByHand(true),
  };
}

const MOVES = new Set(['ArrowDown', 'ArrowUp', 'Home', 'End']);

function Pages() {
  const t = useShellText();
  const navigate = useNavigate();
  return (
    <CommandGroup heading={t.palette.pages}>
      {useNavigation().flatMap(group =>
        group.entries.map(({ to, label, Icon }) => (
          <CommandItem key={to} value={to} keywords={[label]} onSelect={choose(() => void navigate({ to }))}>
            <Icon aria-hidden />
            {label}
          </CommandItem>
        )),
      )}
    </CommandGroup>
  );
}

function Commands() {
  const t = useShellText();
  const here = useAllPageCommands();
  const chooseLanguage = useChooseLanguage();
  const signOut = useSignOut();
  return (
    <>
      {here.length > 0 ? (
        <CommandGroup heading={t.palette.here}>
          {here.map(({ label, run }) => (
            <CommandItem key={label} value={`${ACTS}${label}`} keywords={[label]} onSelect={choose(run)}>
              <Sparkle aria-hidden />
              {label}
            </CommandItem>
          ))}
        </CommandGroup>
      ) : null}
      <CommandGroup heading={t.palette.settings}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <CommandItem
            key={code}
            value={`${ACTS}${code}`}
            keywords={[t.palette.language(name)]}
            onSelect={choose(() => chooseLanguage(code as Language))}
          >
            <Languages aria-hidden />
            {t.palette.language(name)}
          </CommandItem>
        ))}
        {THEMES.map(theme => (
          <CommandItem
            key={theme}
            value={`${ACTS}${theme}`}
            keywords={[t.palette.theme(t.account[theme])]}
            onSelect={choose(() => chooseTheme(theme))}
          >
            <SunMoon aria-hidden />
            {t.palette.theme(t.account[theme])}
          </CommandItem>
        ))}
        <CommandItem value={`${ACTS}sign-out`} keywords={[t.account.signOut]} onSelect={choose(signOut)}>
          <LogOut aria-hidden />
          {t.account.signOut}
        </CommandItem>
      </CommandGroup>
    </>
  );
}
