import { createStore, useStore } from './store';

/** The code with which the host last said that nobody is signed in; null while somebody is. */
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
