import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import { useReach } from '@/shell/api/reach';
import { loadAllPages } from '../page/lazy-page';
import { isReplaced } from './release';

/** Milliseconds to wait for idle time after the first view has its data. */
const PATIENCE = 2_000;

/** Loads all pages when the browser is idle, so that navigation needs no host. */
export function useLoadAllPages(): void {
  const reached = useReach() === 'answers';
  useEffect(() => {
    if (!reached) return;
    let stopped = false;
    const begin = () => void loadAllPages(() => stopped).catch(() => undefined);
    const timer = setTimeout(() => whenIdle(begin), PATIENCE);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [reached]);
}

function whenIdle(then: () => void): void {
  // Safari lacks this function.
  if ('requestIdleCallback' in window) requestIdleCallback(then, { timeout: PATIENCE });
  else then();
}

/**
 * Applies a new release at the next navigation, when no input is open. Checks for one after an
 * outage and when the tab becomes visible.
 */
export function useNewRelease(): void {
  const router = useRouter();
  const silent = useReach() === 'silent';
  const replaced = useRef(false);
  const look = useCallback(() => {
    void isReplaced().then(found => {
      replaced.current ||= found;
    });
  }, []);
  useEffect(() => (silent ? look : undefined), [silent, look]);
  useEffect(() => {
    const returned = () => {
      if (document.visibilityState === 'visible') look();
    };
    document.addEventListener('visibilitychange', returned);
    const forget = router.subscribe('onBeforeNavigate', ({ pathChanged, toLocation }) => {
      if (replaced.current && pathChanged) window.location.assign(toLocation.href);
    });
    return () => {
      document.removeEventListener('visibilitychange', returned);
      forget();
    };
  }, [router, look]);
}
