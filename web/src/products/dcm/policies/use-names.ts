import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answerOf, api } from '@/shell/api/client';
import { may, useSession } from '@/shell/api/session';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { useAllRows } from '../api';
import { OFFER } from '../permissions';
import { text as stages } from '../stages/text';
import type { KnownNames, Speech } from './sentence';
import { text } from './sentence-text';

const DIRECTORY = 'host.members';

/** Groups, people and offerings by key. Those that the person may not read are empty. */
export function useNames(): KnownNames {
  const session = useSession();
  const enabled = may(session, DIRECTORY);
  const groups = useQuery({
    queryKey: ['host', 'groups'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/groups', { signal })),
    enabled,
    throwOnError: false,
  }).data;
  const people = useQuery({
    queryKey: ['host', 'members', 'all'],
    queryFn: ({ signal }) => membersFrom(undefined, signal),
    enabled,
    throwOnError: false,
  }).data;
  const offerings = useAllRows('offerings', { sort: 'name' }, { enabled: may(session, OFFER) }).data;
  return useMemo(
    () => ({
      groups: new Map(groups?.items.map(({ key, name }) => [key, name])),
      people: new Map(people?.map(({ actor, name }) => [actor, name])),
      offerings: new Map(offerings?.map(({ key, name }) => [key, name ?? key])),
    }),
    [groups, people, offerings],
  );
}

interface Member {
  actor: string;
  name: string;
}

/** Members of the tenant from a page on. */
async function membersFrom(cursor: string | undefined, signal: AbortSignal): Promise<Member[]> {
  const params = { query: cursor ? { cursor } : {} };
  const { items, next } = await answerOf(api.GET('/api/host/members', { params, signal }));
  return next ? [...items, ...(await membersFrom(next, signal))] : items;
}

/** Means to put policies into words, in the language of the page. */
export function useSpeech(names: KnownNames): Speech {
  const language = useLanguage();
  const format = useFormat();
  const t = useText(text);
  const words = useText(stages);
  return useMemo(() => ({ t, stages: words, format, language, names }), [t, words, format, language, names]);
}
