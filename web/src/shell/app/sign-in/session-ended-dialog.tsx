import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { INTERCEPTED } from '@/shell/api/problem';
import { checkSession } from '@/shell/api/session';
import { PERSON_CHANGED, signInHref, useSessionEnd } from '@/shell/api/session-end';
import type { Dictionary } from '@/shell/i18n/en';
import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';

/** Dialog over the page, which keeps its input. The person signs in in another tab. */
export function SessionEndedDialog() {
  const t = useShellText();
  const { href } = useLocation();
  const end = useSessionEnd();
  const client = useQueryClient();
  const open = end !== null && end !== PERSON_CHANGED;
  const { title, lead, there, here } = way(end, href, t);
  const [tried, setTried] = useState(false);
  const goOn = () => void checkSession(client).then(same => setTried(!same));

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
          <Button onClick={goOn}>{t.signIn.goOn}</Button>
        </DialogActions>
        <a href={here} className="justify-self-end text-xs text-accent-text underline underline-offset-2">
          {t.signIn.here}
        </a>
      </DialogContent>
    </Dialog>
  );
}

/**
 * Explanation of the end, and the address to sign in: any page of the host, if a proxy's session
 * has ended.
 */
function way(end: string | null, href: string, { signIn }: Dictionary) {
  if (end === INTERCEPTED)
    return { title: signIn.intercepted, lead: signIn.interceptedOverlay, there: '/signed-in', here: href };
  const provider = { there: signInHref('/signed-in'), here: signInHref(href) };
  return { title: signIn.ended, lead: signIn.endedOverlay, ...provider };
}
