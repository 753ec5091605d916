import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { ExternalLink } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { INTERCEPTED } from '@/api/problem';
import { sessionQuery, useSession } from '@/api/session';
import { PERSON_CHANGED, sessionEnd, signInHref, useSessionEnd } from '@/api/session-end';
import type { Dictionary } from '@/i18n/en';
import { useShellText } from '@/i18n/shell-text';
import { Alert } from '@/ui/alert';
import { Button } from '@/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/ui/dialog';

/** Over the page, not instead of it: what was typed stays. Signing in happens in another tab. */
export function SessionEndedDialog() {
  const t = useShellText();
  const { href } = useLocation();
  const end = useSessionEnd();
  const open = end !== null;
  const { title, lead, there, here } = way(end, href, t);
  const [tried, setTried] = useState(false);
  const goOn = useGoOn();

  // Whoever comes back from the other tab wants to go on.
  useEffect(() => {
    if (!open) return;
    const look = () => void goOn();
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [open, goOn]);

  return (
    <Dialog open={open}>
      <DialogContent
        role="alertdialog"
        title={title}
        lead={lead}
        onEscapeKeyDown={event => event.preventDefault()}
        onInteractOutside={event => event.preventDefault()}
      >
        {tried ? <Alert tone="wait" role="alert" title={t.signIn.stillOut} /> : null}
        <DialogActions>
          <Button look="primary" asChild>
            <a href={there} target="_blank" rel="noreferrer">
              {t.signIn.again}
              <ExternalLink aria-hidden />
            </a>
          </Button>
          <Button onClick={() => void goOn().then(going => setTried(!going))}>{t.signIn.goOn}</Button>
        </DialogActions>
        <a href={here} className="justify-self-end text-xs text-accent-text underline underline-offset-2">
          {t.signIn.here}
        </a>
      </DialogContent>
    </Dialog>
  );
}

/** What has ended, and where one signs in: at a proxy in front by opening any page through it. */
function way(end: string | null, href: string, { signIn }: Dictionary) {
  const provider = { there: signInHref('/signed-in'), here: signInHref(href) };
  switch (end) {
    case INTERCEPTED:
      return { title: signIn.intercepted, lead: signIn.interceptedOverlay, there: '/signed-in', here: href };
    case PERSON_CHANGED:
      return { title: signIn.personChanged, lead: signIn.personChangedOverlay, ...provider };
    default:
      return { title: signIn.ended, lead: signIn.endedOverlay, ...provider };
  }
}

/** Resolves to whether somebody is signed in again. Somebody else begins with a page of their own. */
function useGoOn(): () => Promise<boolean> {
  const client = useQueryClient();
  const { actor } = useSession();
  return useCallback(async () => {
    const session = await client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => null);
    if (!session) return false;
    if (session.actor !== actor) window.location.assign('/');
    sessionEnd.set(null);
    void client.invalidateQueries();
    return true;
  }, [client, actor]);
}
