import { createStore, useStore } from './store';

/** Code of the end of the session; null while the session is valid. */
export const sessionEnd = createStore<string | null>(null);

/** Code: another person has signed in with this browser. */
export const PERSON_CHANGED = 'person-changed';

export function useSessionEnd(): string | null {
  return useStore(sessionEnd);
}

/** Address that signs in at the provider and returns to `path`. */
export function signInHref(path: string): string {
  return `/auth/sign-in?return_to=${encodeURIComponent(path)}`;
}
