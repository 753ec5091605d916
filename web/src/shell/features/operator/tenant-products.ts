import { queryOptions, useQueryClient } from '@tanstack/react-query';
import type { paths } from '@/schema';
import { answerOf, api } from '@/shell/api/client';
import { tenantsQuery } from './platform';

type Products = paths['/api/host/tenants/{tenant}/products']['get']['responses'][200];
export type TenantProduct = Products['content']['application/json']['items'][number];
export type Request = TenantProduct['requests'][number];

const KEY = ['host', 'tenant-products'] as const;

export const tenantProductsQuery = (tenant: string) =>
  queryOptions({
    queryKey: [...KEY, tenant],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/host/tenants/{tenant}/products', { params: { path: { tenant } }, signal })),
    select: (answer): TenantProduct[] => answer.items,
  });

export interface NewGrant {
  scope: Record<string, unknown>;
  connection: string;
  reason: string;
  expires_at: string | null;
}

/** Acts of an operator on a tenant's products. Each resolves when the change is shown. */
export function useTenantProducts(tenant: string) {
  const client = useQueryClient();
  const shown = async (sent: Promise<unknown>) => {
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() =>
      Promise.all([KEY, tenantsQuery.queryKey].map(queryKey => client.invalidateQueries({ queryKey }))),
    );
  };
  const place = (plugin: string, { capability, grant }: Request) => ({
    path: { tenant, plugin, capability, name: grant },
  });
  return {
    switchTo: (plugin: string, enabled: boolean, reason: string) => {
      const params = { path: { tenant, plugin } };
      const body = { enabled, reason };
      return shown(answerOf(api.PUT('/api/host/tenants/{tenant}/products/{plugin}', { params, body })));
    },
    grant: (plugin: string, request: Request, body: NewGrant) => {
      const params = place(plugin, request);
      const path = '/api/host/tenants/{tenant}/grants/{plugin}/{capability}/{name}';
      return shown(answerOf(api.PUT(path, { params, body })));
    },
    withdraw: (plugin: string, request: Request) => {
      const params = place(plugin, request);
      const path = '/api/host/tenants/{tenant}/grants/{plugin}/{capability}/{name}';
      return shown(answerOf(api.DELETE(path, { params })));
    },
  };
}
