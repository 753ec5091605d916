import { useCallback } from 'react';

/** Navigation of a route that keeps its page. */
type Navigate<S> = (to: { search: (old: S) => S; replace: true }) => unknown;

/**
 * Change of a page's state in the address. It replaces the entry of the browser's history, so that
 * “Back” leaves the page.
 */
export function useChangeSearch<S extends object>(navigate: Navigate<S>): (changed: Partial<S>) => void {
  return useCallback(
    (changed: Partial<S>) => void navigate({ search: old => ({ ...old, ...changed }), replace: true }),
    [navigate],
  );
}
