import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

const SORTS = ['vm_name', 'requester_name', 'monthly_cents', 'submitted_at', 'decided_at', 'status'] as const;
export type DecisionSort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

interface ApprovalsSearch {
  /** `all`: all pending approvals. Without this parameter: those that wait for the person. */
  show: 'all' | 'decided';
  q: string;
  sort: DecisionSort;
}

export interface InboxProps {
  /** Whether approvals that wait for other people are shown too. */
  all: boolean;
  onDecided: () => void;
}

/** Loaded separately, because the table of decided approvals is large. */
export const Inbox = lazyPage<'Inbox', InboxProps>(() => import('./inbox'), 'Inbox');
export const Decided = lazyPage(() => import('./decided'), 'Decided');

export const approvalsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/approvals',
  validateSearch: search<ApprovalsSearch>({
    show: oneOf('all', 'decided'),
    q: words,
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  // Loaded in parallel with the page.
  beforeLoad: ({ search: { show } }) => void (show === 'decided' ? Decided : Inbox).preload(),
  component: lazyPage(() => import('./approvals-page'), 'ApprovalsPage'),
});

export const approvalRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/approvals/$id',
  component: lazyPage(() => import('./approval-page'), 'ApprovalPage'),
});

export const approvalRoutes = [approvalsRoute, approvalRoute] as const;
