import { useEffect, useState } from 'react';

/** The value that has not changed for `pause` milliseconds, so that the host is not asked with every key. */
export function useSettled(value: string, pause: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
