import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useReach } from '@/shell/api/reach';
import { sessionQuery } from '@/shell/api/session';

const FIRST = 2_000;
const LONGEST = 15_000;
/** Tabs that somebody looks at are filled first, and the others when they are looked at. */
const SPREAD = 2_000;

/** While the host is silent, asks whether it is back; then what is on the screen is requested again. */
export function useReachAgain(): void {
  const client = useQueryClient();
  const silent = useReach() === 'silent';
  useEffect(() => (silent ? askAgain(client) : undefined), [client, silent]);
  useEffect(() => askWhenNetworkChanges(client), [client]);
}

/**
 * Asks the host once when the browser says that the network went or came, because a page that shows everything may send
 * no request for minutes. What the browser says is not believed: with a tunnel it is wrong. Returns what ends it.
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
 * All tabs of all browsers lose the host at the same moment, and must not come back at the same moment: each waits a
 * time of its own, and longer each time. Returns what is done when the host is back.
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
    // What is hidden is asked for when it is seen.
    const seen = document.visibilityState === 'visible';
    const refetchType = seen ? 'active' : 'none';
    setTimeout(() => void client.invalidateQueries({ refetchType }), random() * SPREAD);
  };
}
