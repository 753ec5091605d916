import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import { groupsQuery } from '@/shell/features/groups/groups';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { useAllRows } from '../api';
import { OFFER } from '../permissions';
import { text as stages } from '../stages/text';
import { useMemberNames } from '../stages/use-member-names';
import type { Approver, PolicyDocument } from './document';
import type { KnownNames, Speech } from './sentence';
import { text } from './sentence-text';

/** Whether the person may read the groups and members of the tenant. */
export const useDirectory = (): boolean => may(useSession(), 'host.members');

/**
 * Names of the groups and offerings, and of the people in the documents. Those that the person may
 * not read are empty.
 */
export function useNames(documents: readonly PolicyDocument[]): KnownNames {
  const session = useSession();
  const enabled = useDirectory();
  const groups = useQuery({ ...groupsQuery, enabled, throwOnError: false }).data;
  const people = useMemberNames(documents.flatMap(actorsOf));
  const offerings = useAllRows('offerings', { sort: 'name' }, { enabled: may(session, OFFER) }).data;
  return useMemo(
    () => ({
      groups: new Map(groups?.map(({ key, name }) => [key, name])),
      people,
      offerings: new Map(offerings?.map(({ key, name }) => [key, name ?? key])),
    }),
    [groups, people, offerings],
  );
}

/** Ids of the people whom a policy names. */
function actorsOf({ stages = [] }: PolicyDocument): string[] {
  const asked = stages.flatMap(({ approvers, deadline }): Approver[] => [
    ...approvers,
    ...(deadline?.escalate ?? []).map(({ to }) => to),
  ]);
  return asked.flatMap(approver => ('actor' in approver && approver.actor ? [approver.actor] : []));
}

/** Means to put policies into words, in the language of the page. */
export function useSpeech(names: KnownNames): Speech {
  const language = useLanguage();
  const format = useFormat();
  const t = useText(text);
  const words = useText(stages);
  return useMemo(() => ({ t, stages: words, format, language, names }), [t, words, format, language, names]);
}
