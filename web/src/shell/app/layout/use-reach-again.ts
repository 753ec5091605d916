import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useReach } from '@/shell/api/reach';
import { sessionQuery } from '@/shell/api/session';

const FIRST = 2_000;
const LONGEST = 15_000;
/** Milliseconds over which visible tabs reload; hidden ones reload when they are shown. */
const SPREAD = 2_000;

/** While the host is unreachable, polls it, and requests the visible data again afterwards. */
export function useReachAgain(): void {
  const client = useQueryClient();
  const silent = useReach() === 'silent';
  useEffect(() => (silent ? askAgain(client) : undefined), [client, silent]);
  useEffect(() => askWhenNetworkChanges(client), [client]);
}

/**
 * Polls the host once when the browser reports a change of network, since an idle page may send no
 * request for minutes. The browser's state itself is not used, because it is wrong with a VPN.
 * Returns the function to end that.
 */
export function askWhenNetworkChanges(client: QueryClient): () => void {
  const leaving = new AbortController();
  for (const type of ['offline', 'online']) {
    const ask = () => void client.refetchQueries({ queryKey: sessionQuery.queryKey });
    window.addEventListener(type, ask, { signal: leaving.signal });
  }
  return () => leaving.abort();
}

/**
 * Polls with a random and growing delay, since all tabs of all browsers lose the host at the same
 * time. Returns the function to call when the host answers.
 */
export function askAgain(client: QueryClient, random = Math.random): () => void {
  let pause = FIRST;
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    timer = setTimeout(
      () => {
        void client.refetchQueries({ queryKey: sessionQuery.queryKey });
        pause = Math.min(pause * 1.5, LONGEST);
        wait();
      },
      pause * (0.5 + random()),
    );
  };
  wait();
  return () => {
    clearTimeout(timer);
    // Hidden tabs reload when they are shown.
    const seen = document.visibilityState === 'visible';
    const refetchType = seen ? 'active' : 'none';
    setTimeout(() => void client.invalidateQueries({ refetchType }), random() * SPREAD);
  };
}
