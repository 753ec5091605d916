import { useState } from 'react';
import { useRows } from '@/api/rows';
import { may, useSession } from '@/api/session';
import { useText } from '@/i18n/use-text';
import type { AuditItem } from './audit-rows';
import { text } from './text';

const MOST = 200;

/** The name of whoever acted; of one who is not known any more, the end of the id. */
export function useActorName(): (item: Pick<AuditItem, 'actor' | 'actor_name' | 'actor_kind'>) => string {
  const t = useText(text);
  return item => {
    if (item.actor_name) return item.actor_name;
    if (item.actor_kind === 'system') return t.system;
    if (item.actor_kind === 'service') return t.service;
    return t.unknown(item.actor.slice(-4));
  };
}

/** Whom one can choose: those who asked for something, and whoever was seen in the list so far. */
export function useActors(items: AuditItem[] | undefined): [id: string, name: string][] {
  const name = useActorName();
  const session = useSession();
  const enabled = may(session, 'dcm.audit', 'dcm.operate', 'dcm.approve');
  const { data: requesters } = useRows('requesters', { sort: 'requester_name', limit: MOST }, { enabled });
  const [seen, setSeen] = useState<ReadonlyMap<string, AuditItem>>(new Map());
  // Whoever was seen stays to be chosen when the list is narrowed to others.
  const fresh = items?.filter(item => !seen.has(item.actor)) ?? [];
  if (fresh.length > 0) setSeen(new Map([...seen, ...fresh.map(item => [item.actor, item] as const)]));
  const names = new Map<string, string>();
  for (const row of requesters ?? []) if (row.requester_name) names.set(row.key, row.requester_name);
  for (const [id, item] of seen) names.set(id, name(item));
  return [...names].sort(([, a], [, b]) => a.localeCompare(b));
}
