import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { drawnFor } from '@/shell/api/drawn-for';
import { hearOtherTabs, tellOtherTabs } from '@/shell/api/other-tabs';
import { checkSession } from '@/shell/api/session';
import { sessionEnd } from '@/shell/api/session-end';

/** Milliseconds in which a second event is ignored: focusing a hidden window fires two. */
const ONCE_IN = 1_000;

/**
 * Checks the session when the page is focused and when another tab reports a change. A page from
 * the back/forward cache stays hidden until the answer.
 */
export function useSessionCheck(actor: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => {
    if (actor) tellOtherTabs(actor);
  }, [actor]);
  useEffect(() => {
    const leaving = new AbortController();
    const on = (target: EventTarget, type: string, then: (event: Event) => void) =>
      target.addEventListener(type, then, { signal: leaving.signal });
    let asked = 0;
    const look = () => {
      if (document.visibilityState !== 'visible' || Date.now() - asked < ONCE_IN) return;
      asked = Date.now();
      void checkSession(client);
    };
    on(window, 'focus', look);
    on(document, 'visibilitychange', look);
    on(window, 'pagehide', event => setAsleep((event as PageTransitionEvent).persisted));
    on(window, 'pageshow', event => {
      if (!(event as PageTransitionEvent).persisted) return;
      void checkSession(client).then(same => (same ? setAsleep(false) : window.location.reload()));
    });
    const stopHearing = hearOtherTabs(other => {
      if (other !== drawnFor.get() || sessionEnd.get() !== null) void checkSession(client);
    });
    return () => {
      leaving.abort();
      stopHearing();
    };
  }, [client]);
}

function setAsleep(asleep: boolean): void {
  document.documentElement.toggleAttribute('data-asleep', asleep);
}
