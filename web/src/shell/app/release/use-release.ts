import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import { useReach } from '@/shell/api/reach';
import { loadAllPages } from '../page/lazy-page';
import { isReplaced } from './release';

/** After the first view has its data. */
const PATIENCE = 2_000;

/** Loads all pages when there is time, so that the way to each of them needs no host. */
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
  // Safari has none.
  if ('requestIdleCallback' in window) requestIdleCallback(then, { timeout: PATIENCE });
  else then();
}

/**
 * A new release is taken over at the next change of page, where nothing is left half done. Looked for when the host
 * was away or the tab comes back to the front.
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
