import type { QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Change } from './live-feed';
import { hubHosts } from './live-hosts';
import { LiveTab } from './live-tab';
import { PERSON_CHANGED, sessionEnd } from './session-end';
import { createStore, useStore } from './store';

/** While changes are not told, what is on the screen is asked for again and again. */
export const POLL = 5_000;

const works = createStore(true);

/** False while changes are not told as they happen. */
export function useLiveWorks(): boolean {
  return useStore(works);
}

const current = createStore<LiveTab | null>(null);

/** Has this view's changes told for as long as anybody is signed in. Only for a view that the person may read. */
export function useLiveView(view: string, readable: boolean): void {
  const live = useStore(current);
  useEffect(() => {
    if (readable) live?.want(view);
  }, [live, view, readable]);
}

/** The same for several views, such as those that a search looks through. */
export function useLiveViews(views: readonly string[]): void {
  const live = useStore(current);
  const names = views.join(' ');
  useEffect(() => {
    for (const view of names.split(' ')) if (view) live?.want(view);
  }, [live, names]);
}

/** Live updates of this person that keep the answers in `client` true. Returns what ends them. */
export function connectLive(client: QueryClient, actor: string): () => void {
  let polling: ReturnType<typeof setInterval> | undefined;
  const listener = {
    changed: (changes: Change[]) => invalidateChanged(client, changes),
    missed: (views: string[]) => invalidateViews(client, views),
    working(working: boolean) {
      if (working === works.get()) return;
      works.set(working);
      clearInterval(polling);
      if (!working) polling = setInterval(() => poll(client), POLL);
    },
    foreign: () => sessionEnd.set(PERSON_CHANGED),
  };
  const live = new LiveTab(actor, listener, hubHosts);
  const forget = attend(live);
  current.set(live);
  return () => {
    forget();
    current.set(null);
    clearInterval(polling);
    works.set(true);
    live.close();
  };
}

/** What nobody looks at is asked for when somebody does. */
function poll(client: QueryClient): void {
  const refetchType = document.visibilityState === 'visible' ? 'active' : 'none';
  void client.invalidateQueries({ queryKey: ['view'], refetchType });
}

/** A page sleeps and wakes, and so does the network. */
function attend(live: LiveTab): () => void {
  const leaving = new AbortController();
  const on = (target: EventTarget, type: string, then: () => void) =>
    target.addEventListener(type, then, { signal: leaving.signal });
  for (const type of ['offline', 'online']) on(window, type, () => live.wake('changed'));
  for (const type of ['pageshow', 'resume']) on(window, type, () => live.wake('same'));
  on(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') live.wake('same');
  });
  on(window, 'pagehide', () => live.sleep());
  return () => leaving.abort();
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
