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

/** Changes of the person's drafts; each resolves when the list shows the change. */
export function useDraftChanges() {
  const client = useQueryClient();
  const shown = async <T>(sent: Promise<T>): Promise<T> => {
    // Also after a refusal, whose reason may be the present state.
    const answer = await sent.finally(() => client.invalidateQueries({ queryKey: KEY }));
    await client.fetchQuery(draftsQuery);
    return answer;
  };
  return {
    /** Saves a draft, and resolves with its new basis. */
    save: async ({ id, revision }: DraftBasis, body: DraftBody): Promise<DraftBasis> => {
      const header = revision === 0 ? NOT_THERE_YET : asRead(String(revision));
      const params = { path: { id }, header };
      const saved = await shown(answerOf(api.PUT('/api/session/drafts/{id}', { params, body })));
      return { id, revision: saved.revision };
    },
    remove: (id: string): Promise<unknown> =>
      shown(answerOf(api.DELETE('/api/session/drafts/{id}', { params: { path: { id } } }))),
  };
}
