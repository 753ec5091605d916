import {
  ArrowLeftRight,
  Boxes,
  CalendarClock,
  type LucideIcon,
  PackageOpen,
  ScrollText,
  Server,
  Stamp,
  TriangleAlert,
} from 'lucide-react';
import type { ProductNavEntry } from '@/shell/app/product';
import { APPROVE, AUDIT, DECIDE, OFFER, OPERATE, POLICY, READERS, REQUEST } from './permissions';
import { text } from './text';

type Name = keyof (typeof text)['en']['nav'];

const entry = (to: string, name: Name, Icon: LucideIcon, ...permissions: string[]): ProductNavEntry => ({
  to,
  label: { en: text.en.nav[name], de: text.de.nav[name] },
  Icon,
  permissions,
});

export const nav = {
  work: [
    entry('/catalogue', 'catalogue', PackageOpen, REQUEST),
    entry('/requests', 'requests', ArrowLeftRight, ...READERS),
    entry('/vms', 'vms', Server, ...READERS),
    entry('/approvals', 'approvals', Stamp, APPROVE, DECIDE),
  ],
  administration: [
    entry('/admin/offerings', 'offerings', Boxes, OFFER),
    entry('/admin/policies', 'policies', ScrollText, POLICY, AUDIT),
    entry('/admin/calendar', 'calendar', CalendarClock, POLICY, AUDIT),
    entry('/admin/failed-requests', 'failedRequests', TriangleAlert, OPERATE),
  ],
};
