import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';
import { type Health, healthOf } from './workflow-health';

type Answer<P extends '/api/host/tenants' | '/api/host/plugins'> =
  paths[P]['get']['responses'][200]['content']['application/json']['items'][number];

export type Tenant = Answer<'/api/host/tenants'>;
type PluginShown = Answer<'/api/host/plugins'>;
/** Request of a package; an optional one may stay ungranted. */
type Request = PluginShown['requests'][number] & { optional?: boolean };
export type Plugin = Omit<PluginShown, 'requests'> & { requests: Request[] };

export const tenantsQuery = queryOptions({
  queryKey: ['host', 'tenants'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/tenants', { signal })),
  select: (answer): Tenant[] => answer.items,
});

type NewTenant = paths['/api/host/tenants']['post']['requestBody']['content']['application/json'];

/** Creates a tenant; resolves when the list shows it. */
export function useCreateTenant() {
  const client = useQueryClient();
  return async (body: NewTenant) => {
    const created = await answerOf(api.POST('/api/host/tenants', { body }));
    await client.invalidateQueries({ queryKey: tenantsQuery.queryKey });
    return created;
  };
}

/** Invites the first admin of a tenant; the answer has the link. */
export const inviteAdmin = (tenant: string, body: NonNullable<NewTenant['admin']>) =>
  answerOf(api.POST('/api/host/tenants/{tenant}/admin-invitations', { params: { path: { tenant } }, body }));

export const pluginsQuery = queryOptions({
  queryKey: ['host', 'plugins'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/plugins', { signal })),
  select: (answer): Plugin[] => answer.items,
});

/** Polling interval in milliseconds of the health. */
const EVERY = 10_000;

export const workflowsQuery = queryOptions({
  queryKey: ['host', 'workflows'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/workflows', { signal })),
  select: (answer): Health[] => healthOf(answer.items),
  refetchInterval: EVERY,
});
