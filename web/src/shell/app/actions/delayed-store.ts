import type { Action, ProductId } from '@/shell/api/contract';
import { createStore, useStore } from '@/shell/api/store';

/** As long as it can be taken back. */
export const DELAY = 8_000;

/** A command that was given and takes effect in a moment. */
export interface DelayedAction {
  id: string;
  product: ProductId;
  action: Action;
  /** What it is about, for people. */
  name: string;
  /** What is said when it was done. */
  done: (name: string) => string;
  /** `due`: now. `given`: the host took it. Failed: it did not take effect, as far as anybody knows. */
  state: 'counting' | 'due' | 'given' | { failed: unknown };
  /** When it takes effect, on the clock of `performance.now`. */
  due: number;
}

const store = createStore<DelayedAction[]>([]);

const idOf = (product: ProductId, { command, body }: Action) =>
  `${product}/${command} ${JSON.stringify(body)}`;

export function delay(given: Pick<DelayedAction, 'product' | 'action' | 'name' | 'done'>): void {
  const id = idOf(given.product, given.action);
  if (store.get().some(one => one.id === id)) return;
  store.set([...store.get(), { ...given, id, state: 'counting', due: performance.now() + DELAY }]);
}

export function takeBack(id: string): void {
  store.set(store.get().filter(one => one.id !== id));
}

/** Takes back what has such a body: the question that it answers is answered. */
export function takeBackFor(member: string, value: string): void {
  const rest = store.get().filter(one => one.action.body[member] !== value);
  if (rest.length < store.get().length) store.set(rest);
}

export function changeDelayed(id: string, change: Partial<DelayedAction>): void {
  const changed = (one: DelayedAction) => (one.id === id ? { ...one, ...change } : one);
  store.set(store.get().map(changed));
}

/** Nobody sees any more that it could be taken back, so it takes effect now. */
export function hurryDelayed(): void {
  for (const one of store.get()) if (one.state === 'counting') changeDelayed(one.id, { state: 'due' });
}

/** Has all that was decided take effect, and waits for the answers. False: some of it did not. */
export function settleDelayed(): Promise<boolean> {
  hurryDelayed();
  const ids = new Set(store.get().flatMap(one => (one.state === 'due' ? [one.id] : [])));
  const own = () => store.get().filter(one => ids.has(one.id));
  return new Promise(resolve => {
    const look = () => {
      if (own().some(one => one.state === 'due')) return;
      unsubscribe();
      resolve(own().every(one => one.state === 'given'));
    };
    const unsubscribe = store.subscribe(look);
    look();
  });
}

const shown = new Set<string>();

/** Says that the page shows what becomes of it; to be called when it does so no more. */
export function showsDelayed(id: string): () => void {
  shown.add(id);
  return () => void shown.delete(id);
}

export const isShown = (id: string): boolean => shown.has(id);

/** What was given has its place on the page again. */
export function clearGiven(): void {
  if (store.get().some(one => one.state === 'given'))
    store.set(store.get().filter(one => one.state !== 'given'));
}

export function useAllDelayed(): DelayedAction[] {
  return useStore(store);
}

/** What was given with one of these actions, and is still on its way. */
export function useDelayed(product: ProductId, actions: Action[]): DelayedAction | undefined {
  const ids = new Set(actions.filter(action => action.allowed).map(action => idOf(product, action)));
  return useStore(store).find(one => ids.has(one.id));
}
