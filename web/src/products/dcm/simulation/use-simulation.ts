import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { hostNow } from '@/shell/api/host-clock';
import { type Progress, simulateDraft } from './simulation';

/** Simulation of a draft that starts when the person asks for it and ends with the page. */
export function useSimulation(policy: string, revision: number) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const running = useRef<AbortController | null>(null);
  const { data, error, isPending, mutate, reset } = useMutation({
    mutationFn: () => {
      running.current = new AbortController();
      return simulateDraft({
        policy,
        revision,
        now: hostNow().getTime(),
        signal: running.current.signal,
        onProgress: setProgress,
      });
    },
    onMutate: () => setProgress(null),
    throwOnError: false,
  });
  const stop = () => {
    running.current?.abort();
    reset();
  };
  useEffect(() => () => running.current?.abort(), []);
  return { simulation: data, error, isPending, progress, start: () => mutate(), stop };
}
