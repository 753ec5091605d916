import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { firstRowsQuery } from '@/shell/api/rows';
import { may, useSession } from '@/shell/api/session';
import { type AnyRow, useProducts } from '@/shell/app/product';
import { useText } from '@/shell/i18n/use-text';
import type { AuditItem } from './audit-rows';
import { text } from './text';

const MOST = 200;

/** Name of the actor, or the end of the id if the name is unknown. */
export function useActorName(): (item: Pick<AuditItem, 'actor' | 'actor_name' | 'actor_kind'>) => string {
  const t = useText(text);
  return item => {
    if (item.actor_name) return item.actor_name;
    if (item.actor_kind === 'system') return t.system;
    if (item.actor_kind === 'service') return t.service;
    return t.unknown(item.actor.slice(-4));
  };
}

/** People for the filter: those in the products' views, and those in the rows so far. */
export function useActors(items: AuditItem[] | undefined): [id: string, name: string][] {
  const name = useActorName();
  const known = useKnownPeople();
  const [seen, setSeen] = useState<ReadonlyMap<string, AuditItem>>(new Map());
  // People stay selectable when the list is narrowed to others.
  const fresh = items?.filter(item => !seen.has(item.actor)) ?? [];
  if (fresh.length > 0) setSeen(new Map([...seen, ...fresh.map(item => [item.actor, item] as const)]));
  const names = new Map(known);
  for (const [id, item] of seen) names.set(id, name(item));
  return [...names].sort(([, a], [, b]) => a.localeCompare(b));
}

/** Ids and names from the products' views of people. */
function useKnownPeople(): [id: string, name: string][] {
  const session = useSession();
  const sources = useProducts().flatMap(({ id, people }) =>
    people && may(session, ...people.permissions) ? [{ product: id, ...people }] : [],
  );
  const queries = useQueries({
    queries: sources.map(({ product, view, name }) =>
      firstRowsQuery(product, view as never, { sort: name, limit: MOST }),
    ),
  });
  return sources.flatMap(({ name }, index) => {
    const rows = (queries[index]?.data ?? []) as readonly unknown[] as AnyRow[];
    return rows.flatMap((row): [string, string][] => {
      const found = row[name];
      return typeof found === 'string' && found ? [[row.key, found]] : [];
    });
  });
}
