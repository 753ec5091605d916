/**
 * All pages, with an account that may open each. `$` stands for the key of the newest row of the
 * view, or of a member or group.
 */
export interface Visit {
  account: string;
  path: string;
  /** View whose newest row's key replaces `$`. */
  of?: 'requests' | 'vms' | 'approvals' | 'members' | 'groups';
}

export const visits: Visit[] = [
  { account: 'requester@acme', path: '/' },
  { account: 'requester@acme', path: '/catalogue' },
  { account: 'requester@acme', path: '/catalogue/linux-small' },
  { account: 'requester@acme', path: '/requests' },
  { account: 'requester@acme', path: '/requests/$', of: 'requests' },
  { account: 'requester@acme', path: '/vms' },
  { account: 'requester@acme', path: '/vms/$', of: 'vms' },
  { account: 'requester@acme', path: '/deputy' },
  { account: 'requester@acme', path: '/mail-settings' },
  { account: 'requester@acme', path: '/approvals' },
  { account: 'approver@acme', path: '/' },
  { account: 'approver@acme', path: '/approvals' },
  { account: 'approver@acme', path: '/approvals/$', of: 'approvals' },
  { account: 'admin@acme', path: '/' },
  { account: 'admin@acme', path: '/admin/offerings' },
  { account: 'admin@acme', path: '/admin/offerings/new' },
  { account: 'admin@acme', path: '/admin/offerings/linux-small' },
  { account: 'admin@acme', path: '/admin/policies' },
  { account: 'admin@acme', path: '/admin/policies/new' },
  { account: 'admin@acme', path: '/admin/calendar' },
  { account: 'admin@acme', path: '/admin/connections' },
  { account: 'admin@acme', path: '/admin/connections/vsphere/vcenter' },
  { account: 'admin@acme', path: '/admin/connections/mail/mail' },
  { account: 'admin@acme', path: '/admin/members' },
  { account: 'admin@acme', path: '/admin/members/$', of: 'members' },
  { account: 'admin@acme', path: '/admin/groups' },
  { account: 'admin@acme', path: '/admin/groups/$', of: 'groups' },
  { account: 'admin@acme', path: '/admin/mail-failures' },
  { account: 'admin@acme', path: '/admin/settings' },
  { account: 'admin@acme', path: '/admin/failed-requests' },
  { account: 'auditor@acme', path: '/admin/policies' },
  { account: 'auditor@acme', path: '/admin/calendar' },
  { account: 'auditor@acme', path: '/audit' },
  { account: 'auditor@acme', path: '/audit/row?source=log&key=1' },
  { account: 'operator', path: '/operator/tenants' },
  { account: 'operator', path: '/operator/tenants/acme' },
  { account: 'operator', path: '/operator/plugins' },
  { account: 'operator', path: '/operator/workflows' },
  { account: 'requester@acme', path: '/admin/offerings' }, // forbidden to this account: the page for 403
  { account: 'requester@acme', path: '/no/such/page' },
  // Tenant with twelve months of history: charts, policies, groups and a deputy have content.
  { account: 'requester@nordwind', path: '/' },
  { account: 'requester@nordwind', path: '/requests' },
  { account: 'requester@nordwind', path: '/requests/$', of: 'requests' },
  { account: 'requester@nordwind', path: '/vms' },
  { account: 'manager@nordwind', path: '/' },
  { account: 'manager@nordwind', path: '/approvals' },
  { account: 'manager@nordwind', path: '/deputy' },
  { account: 'admin@nordwind', path: '/' },
  { account: 'admin@nordwind', path: '/requests' },
  { account: 'admin@nordwind', path: '/admin/policies' },
  { account: 'admin@nordwind', path: '/admin/policies/machines' },
  { account: 'admin@nordwind', path: '/admin/members' },
  { account: 'admin@nordwind', path: '/admin/groups' },
  { account: 'admin@nordwind', path: '/admin/failed-requests' },
  { account: 'auditor@nordwind', path: '/audit' },
  // Tenant without data: every list is empty.
  { account: 'requester@globex', path: '/' },
  { account: 'requester@globex', path: '/catalogue' },
  { account: 'requester@globex', path: '/requests' },
  { account: 'requester@globex', path: '/vms' },
  { account: 'approver@globex', path: '/approvals' },
  { account: 'admin@globex', path: '/admin/offerings' },
  { account: 'admin@globex', path: '/admin/groups' },
  { account: 'admin@globex', path: '/admin/failed-requests' },
  { account: 'auditor@globex', path: '/audit' },
];
