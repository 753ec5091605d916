import { useEffect, useRef, useState } from 'react';

const PAUSE = 300;

/** Shows input at once, and reports it after a pause, because each report sends a request. */
export function useTyped(value: string, report: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const reported = useRef(value);
  // Follows navigation and the reset of filters.
  useEffect(() => {
    if (value !== reported.current) setTyped(value);
    reported.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === reported.current) return;
    const timer = setTimeout(() => {
      reported.current = typed;
      report(typed);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed, report]);
  return [typed, setTyped] as const;
}
