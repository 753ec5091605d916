import { createStore, useStore } from './store';

/** Why the page's person cannot go on: the code with which the host last said it; null while they can. */
export const sessionEnd = createStore<string | null>(null);

/** Somebody else has signed in with this browser, in another tab. */
export const PERSON_CHANGED = 'person-changed';

export function useSessionEnd(): string | null {
  return useStore(sessionEnd);
}

/** Leads to the provider and from there back to `path`. */
export function signInHref(path: string): string {
  return `/auth/sign-in?return_to=${encodeURIComponent(path)}`;
}
