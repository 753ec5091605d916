import { queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { answerOf, api, commonHeaders } from './client';
import { ask } from './from-host';
import type { paths } from './schema';

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

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => read(await answerOf(api.GET('/api/session', { signal }))),
  staleTime: 5 * 60_000,
  // The shell has a page for each way in which this can fail.
  throwOnError: false,
});

export const useSessionQuery = () => useQuery(sessionQuery);

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in. The shell shows no page without. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('there is no session outside of the shell');
  return session;
}

/** For the menu: what is worth showing. What is allowed on a row, its `actions` say. */
export function may(session: Session, ...permissions: string[]): boolean {
  return permissions.some(permission => session.permissions.includes(permission));
}

/** Not in the API's document: it belongs to the browser's session alone. */
export async function signOut(): Promise<void> {
  const call = ask(new Request('/auth/sign-out', { method: 'POST', headers: commonHeaders('POST') }));
  const read = call.then(async response => ({
    response,
    data: (await response.json()) as { location?: string },
  }));
  const { location } = await answerOf(read);
  window.location.assign(location ?? '/');
}
