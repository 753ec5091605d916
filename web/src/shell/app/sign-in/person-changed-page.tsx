import { useQueryClient } from '@tanstack/react-query';
import { ArrowRight, ExternalLink } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useEffect } from 'react';
import { checkSession, useNewcomer, useSession } from '@/shell/api/session';
import { PERSON_CHANGED, signInHref, useSessionEnd } from '@/shell/api/session-end';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { useBrand } from '../brand';
import { Brand } from '../layout/brand';

/**
 * Covers the page while the browser's session belongs to another person. The page with its input
 * stays until the first person is back, or the page is left for the other person.
 */
export function PersonChangedPage() {
  const client = useQueryClient();
  const open = useSessionEnd() === PERSON_CHANGED;
  useEffect(() => {
    // The message may lack the name of the person.
    if (open) void checkSession(client);
  }, [open, client]);
  return (
    <Radix.Root open={open}>
      <Radix.Portal>
        <Radix.Content
          role="alertdialog"
          onEscapeKeyDown={event => event.preventDefault()}
          className="fixed inset-0 z-50 flex flex-col overflow-y-auto bg-canvas"
        >
          <Covered />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Covered() {
  const t = useShellText();
  const brand = useBrand();
  const { name } = useSession();
  const newcomer = useNewcomer();
  const { signIn } = t;
  const where = newcomer?.tenant?.name ?? t.account.operator;
  return (
    <>
      <div className="px-5 py-4 sm:px-8">
        <Brand under={brand.longName} />
      </div>
      <div className="grid flex-1 place-items-center px-5 pb-24">
        <div className="grid w-full max-w-lg gap-7 rounded-2xl border border-line bg-surface p-7 shadow-low sm:p-10">
          <div className="grid gap-2.5">
            <Radix.Title className="text-2xl font-semibold">
              {newcomer ? signIn.nowAs(newcomer.name, where) : signIn.personChanged}
            </Radix.Title>
            <Radix.Description className="text-quiet">{signIn.nowAsLead(name)}</Radix.Description>
          </div>
          <div className="flex flex-wrap gap-3">
            <Button look="primary" onClick={() => window.location.assign('/')}>
              {newcomer ? signIn.goOnAs(newcomer.name) : signIn.goOn}
              <ArrowRight aria-hidden />
            </Button>
            <Button asChild>
              <a href={signInHref('/signed-in')} target="_blank" rel="noreferrer">
                {signIn.backAs(name)}
                <ExternalLink aria-hidden />
              </a>
            </Button>
          </div>
        </div>
      </div>
    </>
  );
}
