import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

const SORTS = ['status', 'name_de', 'name_en', 'published_at'] as const;
export type PolicySort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

interface PoliciesSearch {
  q: string;
  sort: PolicySort;
}

export const policiesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/policies',
  validateSearch: search<PoliciesSearch>({
    q: words,
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  component: lazyPage(() => import('./policies-page'), 'PoliciesPage'),
});

export const newPolicyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/policies/new',
  component: lazyPage(() => import('./new-policy-page'), 'NewPolicyPage'),
});

export const policyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/policies/$key',
  component: lazyPage(() => import('./policy-page'), 'PolicyPage'),
});

export const policyRoutes = [policiesRoute, newPolicyRoute, policyRoute] as const;
