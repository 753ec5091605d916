import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useReach } from '@/api/reach';
import { sessionQuery } from '@/api/session';

const EVERY = 3_000;

/** While the host is silent, asks whether it is back; then everything on the screen is asked for anew. */
export function useReachAgain(): void {
  const client = useQueryClient();
  const silent = useReach() === 'silent';
  useEffect(() => {
    if (!silent) return;
    const ask = () => void client.refetchQueries({ queryKey: sessionQuery.queryKey });
    const timer = setInterval(ask, EVERY);
    return () => {
      clearInterval(timer);
      void client.invalidateQueries();
    };
  }, [client, silent]);
}
