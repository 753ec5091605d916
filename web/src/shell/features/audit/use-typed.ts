import { useEffect, useRef, useState } from 'react';

const PAUSE = 300;

/** Shows at once what is typed, and tells it when a moment has passed: each telling asks the host. */
export function useTyped(value: string, tell: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  // Back and forward, and filters that were cleared.
  useEffect(() => {
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      tell(typed);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed, tell]);
  return [typed, setTyped] as const;
}
