import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import { may, useSession } from '@/shell/api/session';
import { useText } from '@/shell/i18n/use-text';
import type { Asked } from './approval';
import { type StageWords, text } from './text';

/** Names of one request's people, as far as the page has them. */
export interface Known {
  requester_name: string | null;
  /** Names by actor id. */
  names?: ReadonlyMap<string, string>;
  /** Names of groups by key. */
  groups?: ReadonlyMap<string, string>;
}

/** Words for a reference to people. Keys and ids do not appear. */
export function wordsFor(asked: Asked, known: Known, t: StageWords): string {
  const words = t.people;
  if ('permission' in asked) {
    if (asked.permission === 'approve') return words.approve;
    return asked.permission === 'operate' ? words.operate : words.someRight;
  }
  if ('group' in asked) {
    const name = known.groups?.get(asked.group);
    return name ? words.group(name) : words.someGroup;
  }
  if ('manager_of' in asked)
    return known.requester_name ? words.manager(known.requester_name) : words.someManager;
  return known.names?.get(asked.actor) ?? words.somePerson;
}

/** Function that gives the words for references to people of one request. */
export function usePeopleAsked(known: Omit<Known, 'groups'>): (asked: Asked) => string {
  const t = useText(text);
  const groups = useGroupNames();
  return asked => wordsFor(asked, { ...known, groups }, t);
}

/** Names of the tenant's groups; empty for people who may not read them. */
function useGroupNames(): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['host', 'groups'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/groups', { signal })),
    enabled: may(useSession(), 'host.members'),
    select: named,
    throwOnError: false,
  });
  return data ?? NONE;
}

const NONE: ReadonlyMap<string, string> = new Map();

const named = ({ items }: { items: { key: string; name: string }[] }) =>
  new Map(items.map(({ key, name }) => [key, name]));
