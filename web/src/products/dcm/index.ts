import { lazyPage } from '@/shell/app/page/lazy-page';
import type { Product } from '@/shell/app/product';
import { ID } from './api';
import { approvalRoutes } from './approvals/routes';
import { calendarRoutes } from './calendar/routes';
import { catalogueRoutes } from './catalogue/routes';
import { failedRequestRoutes } from './failed-requests/routes';
import { mailText } from './mail-text';
import { nav } from './nav';
import { offeringRoutes } from './offerings/routes';
import { APPROVE, DECIDE, OPERATE, READERS_OF_ALL, REQUEST } from './permissions';
import { policyRoutes } from './policies/routes';
import { requestRoutes } from './requests/routes';
import { roles } from './role-text';
import { sources } from './search/sources';
import { text } from './text';
import { vmRoutes } from './vms/routes';

export const dcm = {
  id: ID,
  text,
  routes: [
    ...catalogueRoutes,
    ...requestRoutes,
    ...vmRoutes,
    ...approvalRoutes,
    ...offeringRoutes,
    ...policyRoutes,
    ...calendarRoutes,
    ...failedRequestRoutes,
  ],
  nav,
  home: {
    permissions: [APPROVE, DECIDE, OPERATE, REQUEST],
    Panels: lazyPage(() => import('./home/home-panels'), 'HomePanels'),
    Action: lazyPage(() => import('./home/home-panels'), 'HomeAction'),
  },
  search: { sources, Found: lazyPage(() => import('./search/found-things'), 'FoundThings') },
  people: { view: 'requesters', name: 'requester_name', permissions: READERS_OF_ALL },
  roles,
  mails: mailText,
  pages: {
    request: id => ({ to: '/requests/$id', params: { id } }),
    vm: id => ({ to: '/vms/$id', params: { id } }),
  },
} satisfies Product;
