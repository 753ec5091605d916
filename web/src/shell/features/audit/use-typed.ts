import { useEffect, useRef, useState } from 'react';

const PAUSE = 300;

/** Shows input at once, and reports it after a pause, because each report sends a request. */
export function useTyped(value: string, tell: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  // Follows navigation and the reset of filters.
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
