import { useNavigate } from '@tanstack/react-router';
import { Languages, LogOut, Sparkle, SunMoon } from 'lucide-react';
import { useEffect } from 'react';
import { useSession } from '@/api/session';
import { THEMES, chooseTheme } from '@/app/theme';
import { LANGUAGES, type Language, language } from '@/i18n/language';
import { useShellText } from '@/i18n/shell-text';
import { Command, CommandEmpty, CommandGroup, CommandInput, CommandItem, CommandList } from '@/ui/command';
import { Dialog, DialogContent } from '@/ui/dialog';
import { navigation } from './nav';
import { useAllPageCommands } from './page-commands';
import { useSignOut } from './use-sign-out';

interface Props {
  open: boolean;
  setOpen: (open: boolean) => void;
}

export function CommandPalette({ open, setOpen }: Props) {
  const t = useShellText();
  useEffect(() => {
    const toggle = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen(!open);
    };
    document.addEventListener('keydown', toggle);
    return () => document.removeEventListener('keydown', toggle);
  }, [open, setOpen]);

  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogContent
        title={t.palette.title}
        className="top-[16vh] max-w-xl translate-y-0 gap-0 overflow-hidden p-0 [&>div:first-child]:sr-only"
      >
        <Command label={t.palette.title} loop>
          <CommandInput placeholder={t.palette.placeholder} />
          <CommandList>
            <Entries close={() => setOpen(false)} />
          </CommandList>
        </Command>
      </DialogContent>
    </Dialog>
  );
}

function Entries({ close }: { close: () => void }) {
  const t = useShellText();
  const session = useSession();
  const navigate = useNavigate();
  const here = useAllPageCommands();
  const signOut = useSignOut();
  const choose = (run: () => void) => () => {
    close();
    run();
  };
  return (
    <>
      <CommandEmpty>{t.palette.empty}</CommandEmpty>
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
