import { useEffect, useState } from 'react';

/**
 * Value after `pause` milliseconds without a change, so that the host is not called for every key.
 */
export function useSettled(value: string, pause: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
