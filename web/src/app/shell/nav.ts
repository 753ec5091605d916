import {
  ArrowLeftRight,
  Blocks,
  Boxes,
  Building2,
  FileClock,
  House,
  type LucideIcon,
  MailWarning,
  PackageOpen,
  Plug,
  Server,
  Stamp,
  TriangleAlert,
  Workflow,
} from 'lucide-react';
import { type Session, may } from '@/api/session';
import type { Dictionary } from '@/i18n/en';

export interface NavEntry {
  to: string;
  label: string;
  Icon: LucideIcon;
}

export interface NavGroup {
  label: string;
  entries: NavEntry[];
}

/** What is worth showing to this person. Whoever goes elsewhere is told by the host. */
export function navigation(session: Session, { nav }: Dictionary): NavGroup[] {
  const operator = session.kind === 'operator';
  const can = (...permissions: string[]) => may(session, ...permissions);
  const readsAll = can('dcm.request', 'dcm.approve', 'dcm.operate', 'dcm.audit');
  const groups: NavGroup[] = [
    {
      label: nav.work,
      entries: [
        ...entry('/', nav.home, House, true),
        ...entry('/catalogue', nav.catalogue, PackageOpen, can('dcm.request')),
        ...entry('/requests', nav.requests, ArrowLeftRight, readsAll),
        ...entry('/vms', nav.vms, Server, readsAll),
        ...entry('/approvals', nav.approvals, Stamp, can('dcm.approve')),
      ],
    },
    {
      label: nav.administration,
      entries: [
        ...entry('/admin/offerings', nav.offerings, Boxes, can('dcm.offer')),
        ...entry('/admin/connections', nav.connections, Plug, can('host.connections')),
        ...entry('/admin/failed-requests', nav.failedRequests, TriangleAlert, can('dcm.operate')),
        ...entry('/admin/mail-failures', nav.mailFailures, MailWarning, can('host.mail-failures')),
        ...entry('/audit', nav.audit, FileClock, can('host.audit')),
      ],
    },
    {
      label: nav.platform,
      entries: [
        ...entry('/operator/tenants', nav.tenants, Building2, operator),
        ...entry('/operator/plugins', nav.plugins, Blocks, operator),
        ...entry('/operator/workflows', nav.workflows, Workflow, operator),
      ],
    },
  ];
  return groups.filter(group => group.entries.length > 0);
}

function entry(to: string, label: string, Icon: LucideIcon, shown: boolean): NavEntry[] {
  return shown ? [{ to, label, Icon }] : [];
}
