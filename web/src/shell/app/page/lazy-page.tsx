import type { FunctionComponent } from 'react';
import { createStore, useStore } from '@/shell/api/store';
import { LatePage } from './late-page';

const loads: (() => Promise<void>)[] = [];

/** Component whose script is loaded on demand. */
export type Lazy<P = object> = FunctionComponent<P> & { preload: () => Promise<void> };

/**
 * Page, or part of one, that is loaded on navigation or when the browser is idle.
 *
 * A failure is retried within the application, because a reload without the host would leave an
 * empty page.
 */
export function lazyPage<N extends string, P extends object = object>(
  module: () => Promise<Record<N, unknown>>,
  name: N,
  /** Placeholder while the script is loading. */
  Meanwhile?: FunctionComponent,
): Lazy<P> {
  const page = createStore<FunctionComponent<P> | null>(null);
  let loading: Promise<void> | null = null;
  const load = async () => {
    if (page.get()) return;
    loading ??= module()
      .then(loaded => page.set(loaded[name] as FunctionComponent<P>))
      .finally(() => {
        loading = null;
      });
    await loading;
  };
  loads.push(load);
  function LazyPage(props: P) {
    const Page = useStore(page);
    return Page ? <Page {...props} /> : <LatePage load={load} Meanwhile={Meanwhile} />;
  }
  // The router waits for the script, and the page shows a failure.
  return Object.assign(LazyPage, { preload: () => load().catch(() => undefined) });
}

/** Loads all pages in sequence, and stops at a failure. */
export async function loadAllPages(stopped: () => boolean): Promise<void> {
  for (const load of loads) {
    if (stopped()) return;
    // eslint-disable-next-line no-await-in-loop -- navigation has priority
    await load();
  }
}
