import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { answerOf, api, commonHeaders } from './client';
import { drawnFor } from './drawn-for';
import { ask } from './from-host';
import { tellOtherTabs } from './other-tabs';
import { Problem } from './problem';
import type { paths } from '@/schema';
import { PERSON_CHANGED, sessionEnd } from './session-end';
import { createStore, useStore } from './store';

type Document = paths['/api/session']['get']['responses'][200]['content']['application/json'];

export interface Session {
  kind: 'member' | 'operator';
  actor: string;
  name: string;
  tenant: { slug: string; name: string } | null;
  roles: string[];
  permissions: string[];
  locale: string | undefined;
}

function read(document: Document): Session {
  const { kind, actor, name, roles, permissions, locale, tenant } = document;
  const { slug = '', name: tenantName = '' } = tenant ?? {};
  return {
    kind,
    actor,
    name,
    roles,
    permissions,
    locale,
    tenant: tenant ? { slug, name: tenantName } : null,
  };
}

const newcomer = createStore<Session | null>(null);

/** Present person of the browser's session if that is not the page's person. */
export const useNewcomer = () => useStore(newcomer);

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => ofThisPage(read(await answerOf(api.GET('/api/session', { signal })))),
  staleTime: 5 * 60_000,
  // The shell has a page for each failure of this request.
  throwOnError: false,
});

/**
 * Keeps the session of the page's person when another one signs in: a page never shows data of two
 * people.
 */
function ofThisPage(session: Session): Session {
  if (drawnFor.isFor(session.actor)) {
    newcomer.set(null);
    return session;
  }
  newcomer.set(session);
  sessionEnd.set(PERSON_CHANGED);
  throw new Problem({ status: 409, code: PERSON_CHANGED });
}

/** Requests whether the page's person is signed in; after a new sign-in the page continues. */
export async function checkSession(client: QueryClient): Promise<boolean> {
  const session = await client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => null);
  if (!session) return false;
  if (sessionEnd.get() !== null) {
    sessionEnd.set(null);
    void client.invalidateQueries();
  }
  return true;
}

export const useSessionQuery = () => useQuery(sessionQuery);

export const SessionContext = createContext<Session | null>(null);

/** Present session. The shell renders no page without one. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('there is no session outside of the shell');
  return session;
}

/**
 * Whether the person has one of the permissions, for the navigation. The `actions` of a row decide
 * about commands.
 */
export function may(session: Session, ...permissions: string[]): boolean {
  return permissions.some(permission => session.permissions.includes(permission));
}

/** Signs out. The endpoint is not in the OpenAPI document, because it belongs to browsers alone. */
export async function signOut(): Promise<void> {
  const call = ask(new Request('/auth/sign-out', { method: 'POST', headers: commonHeaders('POST') }));
  const read = call.then(async response => ({
    response,
    data: (await response.json()) as { location?: string },
  }));
  const { location } = await answerOf(read);
  tellOtherTabs(null);
  window.location.assign(location ?? '/');
}
