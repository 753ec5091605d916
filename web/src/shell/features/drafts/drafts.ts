import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { asRead, NOT_THERE_YET } from '@/shell/api/basis';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';

type List = paths['/api/session/drafts']['get']['responses'][200]['content']['application/json'];
type Body = paths['/api/session/drafts/{id}']['put']['requestBody']['content']['application/json'];

/** Input for a command that the person saved on the host, to give the command later. */
export type SavedDraft = List['items'][number];
export type DraftBody = Body;

/** Draft at the revision on which a change is made; revision 0: the draft is new. */
export interface DraftBasis {
  id: string;
  revision: number;
}

const KEY = ['host', 'drafts'] as const;

export const draftsQuery = queryOptions({
  queryKey: KEY,
  queryFn: async ({ signal }): Promise<SavedDraft[]> =>
    (await answerOf(api.GET('/api/session/drafts', { signal }))).items,
});

const isEqual = (draft: SavedDraft, { title, values }: DraftBody) =>
  draft.title === title && JSON.stringify(draft.values) === JSON.stringify(values);

/** Changes of the person's drafts. */
export function useDraftChanges() {
  const client = useQueryClient();
  // The list may fail although the change succeeded; it is then read again by the page.
  const reload = () => client.fetchQuery({ ...draftsQuery, staleTime: 0 }).catch(() => undefined);
  return {
    /** Saves a draft, and resolves with its new basis. */
    save: async ({ id, revision }: DraftBasis, body: DraftBody): Promise<DraftBasis> => {
      const header = revision === 0 ? NOT_THERE_YET : asRead(String(revision));
      const params = { path: { id }, header };
      try {
        const saved = await answerOf(api.PUT('/api/session/drafts/{id}', { params, body }));
        await reload();
        return { id, revision: saved.revision };
      } catch (cause) {
        // An earlier attempt whose answer was lost has saved the same values.
        const present = (await reload())?.find(draft => draft.id === id && isEqual(draft, body));
        if (present) return { id, revision: present.revision };
        throw cause;
      }
    },
    /** Deletes a draft, unless it was changed since this revision. */
    remove: async ({ id, revision }: DraftBasis): Promise<void> => {
      const params = { path: { id }, header: asRead(String(revision)) };
      await answerOf(api.DELETE('/api/session/drafts/{id}', { params })).finally(reload);
    },
  };
}
