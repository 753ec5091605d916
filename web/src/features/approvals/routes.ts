import { createRoute } from '@tanstack/react-router';
import { oneOf, search, words } from '@/app/search';
import { lazyPage } from '@/app/page/lazy-page';
import { shellRoute } from '@/app/shell-route';

const SORTS = ['vm_name', 'requester_name', 'monthly_cents', 'submitted_at', 'decided_at', 'status'] as const;
export type DecisionSort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

interface ApprovalsSearch {
  /** Without it: what waits. */
  show: 'decided';
  q: string;
  sort: DecisionSort;
}

export const approvalsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/approvals',
  validateSearch: search<ApprovalsSearch>({
    show: oneOf('decided'),
    q: words,
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  component: lazyPage(() => import('./approvals-page'), 'ApprovalsPage'),
});

export const approvalRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/approvals/$id',
  component: lazyPage(() => import('./approval-page'), 'ApprovalPage'),
});

export const approvalRoutes = [approvalsRoute, approvalRoute] as const;
