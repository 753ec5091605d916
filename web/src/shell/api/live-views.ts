import type { QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Change } from './live-feed';
import { hubHosts } from './live-hosts';
import { LiveTab } from './live-tab';
import { PERSON_CHANGED, sessionEnd } from './session-end';
import { createStore, useStore } from './store';

/** Interval in milliseconds of polling while live updates do not work. */
export const POLL = 5_000;

const works = createStore(true);

/** Whether live updates arrive at present. */
export function useLiveWorks(): boolean {
  return useStore(works);
}

const current = createStore<LiveTab | null>(null);

/**
 * Subscribes to a view while the person is signed in. `readable`: whether the person may read the
 * view.
 */
export function useLiveView(view: string, readable: boolean): void {
  const live = useStore(current);
  useEffect(() => {
    if (readable) live?.want(view);
  }, [live, view, readable]);
}

/** Subscribes to several views, such as those of the search. */
export function useLiveViews(views: readonly string[]): void {
  const live = useStore(current);
  const names = views.join(' ');
  useEffect(() => {
    for (const view of names.split(' ')) if (view) live?.want(view);
  }, [live, names]);
}

/**
 * Keeps the data in `client` current by the person's live updates. Returns the function to end
 * that.
 */
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

/** Polls the queries on the screen; others are requested when they are shown. */
function poll(client: QueryClient): void {
  const refetchType = document.visibilityState === 'visible' ? 'active' : 'none';
  void client.invalidateQueries({ queryKey: ['view'], refetchType });
}

/** Reports sleep, wake-up and changes of network to the tab's client. */
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
