import type { QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Change, LiveFeed } from './live-feed';
import { createStore, useStore } from './store';

/** While changes are not told, what is on the screen is asked for again and again. */
export const POLL = 5_000;

const NETWORK_CHANGES = ['offline', 'online'];

const works = createStore(true);

/** False while changes are not told as they happen. */
export function useLiveWorks(): boolean {
  return useStore(works);
}

const current = createStore<LiveFeed | null>(null);

/** Has this view's changes told for as long as anybody is signed in. Only for a view that the person may read. */
export function useLiveView(view: string, readable: boolean): void {
  const feed = useStore(current);
  useEffect(() => {
    if (readable) feed?.want(view);
  }, [feed, view, readable]);
}

/** Live updates that keep the answers in `client` true. Returns what ends them. */
export function connectLive(client: QueryClient): () => void {
  let polling: ReturnType<typeof setInterval> | undefined;
  const feed = new LiveFeed(url => new EventSource(url), {
    changed: changes => invalidateChanged(client, changes),
    missed: views => invalidateViews(client, views),
    working(working) {
      works.set(working);
      clearInterval(polling);
      if (!working) polling = setInterval(() => void client.invalidateQueries({ queryKey: ['view'] }), POLL);
    },
  });
  // A connection that was lost without a word looks open for minutes; a new one fails, or works, at once.
  const anew = () => feed.connect();
  for (const change of NETWORK_CHANGES) window.addEventListener(change, anew);
  current.set(feed);
  return () => {
    for (const change of NETWORK_CHANGES) window.removeEventListener(change, anew);
    current.set(null);
    clearInterval(polling);
    works.set(true);
    feed.close();
  };
}

export function invalidateChanged(client: QueryClient, changes: Change[]): void {
  const views = new Set(changes.map(({ plugin, view }) => `${plugin}/${view}`));
  const rows = new Set(changes.map(({ plugin, view, key }) => `${plugin}/${view}\n${key}`));
  for (const view of views) void client.invalidateQueries({ queryKey: ['view', view, 'list'] });
  for (const row of rows) {
    const [view, key] = row.split('\n');
    void client.invalidateQueries({ queryKey: ['view', view, 'item', key] });
  }
}

export function invalidateViews(client: QueryClient, views: string[]): void {
  for (const view of views) void client.invalidateQueries({ queryKey: ['view', view] });
}
