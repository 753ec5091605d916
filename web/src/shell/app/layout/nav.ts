import {
  Blocks,
  Building2,
  CalendarOff,
  FileClock,
  House,
  type LucideIcon,
  MailWarning,
  Plug,
  SlidersHorizontal,
  Users,
  UsersRound,
  Workflow,
} from 'lucide-react';
import { type Session, may, useSession } from '@/shell/api/session';
import { type Product, type ProductNavEntry, useProducts } from '@/shell/app/product';
import type { Dictionary } from '@/shell/i18n/en';
import { type Language, useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';

export interface NavEntry {
  to: string;
  label: string;
  Icon: LucideIcon;
}

export interface NavGroup {
  label: string;
  entries: NavEntry[];
}

/** Entries for this person. The host decides about access. */
export function useNavigation(): NavGroup[] {
  return navigation(useSession(), useShellText(), useLanguage(), useProducts());
}

/**
 * Groups the entries: those of a single product join the host's, several products have a group
 * each.
 */
export function navigation(
  session: Session,
  { nav }: Dictionary,
  language: Language,
  products: readonly Product[],
): NavGroup[] {
  const operator = session.kind === 'operator';
  const can = (permission: string) => may(session, permission);
  const shown = (entries: readonly ProductNavEntry[]): NavEntry[] =>
    entries
      .filter(({ permissions }) => may(session, ...permissions))
      .map(({ to, label, Icon }) => ({ to, label: label[language], Icon }));
  const [only, ...others] = products;
  const single = others.length === 0 ? only?.nav : undefined;
  const groups: NavGroup[] = [
    {
      label: nav.work,
      entries: [
        ...entry('/', nav.home, House, true),
        ...shown(single?.work ?? []),
        ...entry('/deputy', nav.deputy, CalendarOff, !operator),
      ],
    },
    ...(single ? [] : products).map(product => ({
      label: product.text[language].name,
      entries: shown([...product.nav.work, ...product.nav.administration]),
    })),
    {
      label: nav.administration,
      entries: [
        ...shown(single?.administration ?? []),
        ...entry('/admin/members', nav.members, Users, can('host.members')),
        ...entry('/admin/groups', nav.groups, UsersRound, can('host.members')),
        ...entry('/admin/connections', nav.connections, Plug, can('host.connections')),
        ...entry('/admin/mail-failures', nav.mailFailures, MailWarning, can('host.mail-failures')),
        ...entry('/admin/settings', nav.settings, SlidersHorizontal, can('host.settings')),
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
