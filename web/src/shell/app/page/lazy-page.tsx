import type { FunctionComponent } from 'react';
import { createStore, useStore } from '@/shell/api/store';
import { LatePage } from './late-page';

const loads: (() => Promise<void>)[] = [];

/** A component whose script is loaded when it is needed. */
export type Lazy<P = object> = FunctionComponent<P> & { preload: () => Promise<void> };

/**
 * A page, or a part of one, that is loaded when a person goes there, or before that when there is time. What cannot be loaded is tried
 * again within the application: a reload without the host would leave nothing on the screen.
 */
export function lazyPage<N extends string, P extends object = object>(
  module: () => Promise<Record<N, unknown>>,
  name: N,
  /** Stands there until it is loaded. */
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
  // The router waits for it, and shows the page with what came of it.
  return Object.assign(LazyPage, { preload: () => load().catch(() => undefined) });
}

/** Loads all pages, one after the other. Stops where one cannot be loaded. */
export async function loadAllPages(stopped: () => boolean): Promise<void> {
  for (const load of loads) {
    if (stopped()) return;
    // eslint-disable-next-line no-await-in-loop -- one at a time, so that what a person asks for comes first
    await load();
  }
}
