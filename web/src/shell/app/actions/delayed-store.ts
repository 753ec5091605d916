import type { Action, ProductId } from '@/shell/api/contract';
import { createStore, useStore } from '@/shell/api/store';
import type { ActionPlan } from './action-plan';

/** Delay in milliseconds in which a command can be undone. */
export const DELAY = 8_000;

/** Delayed command. */
export interface DelayedAction {
  id: string;
  product: ProductId;
  action: Action;
  /** Name of the command's subject. */
  name: string;
  /** Message after success. */
  done: (name: string) => string;
  /** Dialog after a refusal that the person can overcome. */
  reconsider?: ActionPlan['reconsider'];
  /**
   * `due`: to be given now. `given`: accepted by the host. `failed`: not known to have taken
   * effect.
   */
  state: 'counting' | 'due' | 'given' | { failed: unknown };
  /** Time at which the command is given, by `performance.now`. */
  due: number;
}

const store = createStore<DelayedAction[]>([]);

const idOf = (product: ProductId, { command, body }: Action) =>
  `${product}/${command} ${JSON.stringify(body)}`;

type Given = Pick<DelayedAction, 'product' | 'action' | 'name' | 'done' | 'reconsider'>;

export function delay(given: Given): void {
  const id = idOf(given.product, given.action);
  if (store.get().some(one => one.id === id)) return;
  store.set([...store.get(), { ...given, id, state: 'counting', due: performance.now() + DELAY }]);
}

export function takeBack(id: string): void {
  store.set(store.get().filter(one => one.id !== id));
}

/** Undoes commands whose body has this member and value, because their subject is decided. */
export function takeBackFor(member: string, value: string): void {
  const rest = store.get().filter(one => one.action.body[member] !== value);
  if (rest.length < store.get().length) store.set(rest);
}

export function changeDelayed(id: string, change: Partial<DelayedAction>): void {
  const changed = (one: DelayedAction) => (one.id === id ? { ...one, ...change } : one);
  store.set(store.get().map(changed));
}

/** Gives all delayed commands at once, because the undo button is no longer visible. */
export function hurryDelayed(): void {
  for (const one of store.get()) if (one.state === 'counting') changeDelayed(one.id, { state: 'due' });
}

/** Gives all delayed commands and waits for the answers; false if one failed. */
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

/** Registers that the page shows this command's result; returns the function to end that. */
export function showsDelayed(id: string): () => void {
  shown.add(id);
  return () => void shown.delete(id);
}

export const isShown = (id: string): boolean => shown.has(id);

/** Removes commands that were accepted, since their rows show the result. */
export function clearGiven(): void {
  if (store.get().some(one => one.state === 'given'))
    store.set(store.get().filter(one => one.state !== 'given'));
}

export function useAllDelayed(): DelayedAction[] {
  return useStore(store);
}

/** Delayed command of one of these actions, if there is one. */
export function useDelayed(product: ProductId, actions: Action[]): DelayedAction | undefined {
  const ids = new Set(actions.filter(action => action.allowed).map(action => idOf(product, action)));
  return useStore(store).find(one => ids.has(one.id));
}
