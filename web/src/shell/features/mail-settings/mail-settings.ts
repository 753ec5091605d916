import { queryOptions, useQueryClient } from '@tanstack/react-query';
import type { BasisHeader } from '@/shell/api/basis';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';

type Path = paths['/api/session/mail-preferences'];
export type MailPreferences = Path['get']['responses'][200]['content']['application/json'];
export type MailPreferencesBody = Path['put']['requestBody']['content']['application/json'];

const KEY = ['host', 'mail-preferences'] as const;

export const mailPreferencesQuery = queryOptions({
  queryKey: KEY,
  queryFn: ({ signal }): Promise<MailPreferences> =>
    answerOf(api.GET('/api/session/mail-preferences', { signal })),
});

/** Stores the preferences, and resolves when the stored ones are shown. */
export function useSetMailPreferences() {
  const client = useQueryClient();
  return async (body: MailPreferencesBody, header: BasisHeader): Promise<void> => {
    const sent = answerOf(api.PUT('/api/session/mail-preferences', { params: { header }, body }));
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() => client.invalidateQueries({ queryKey: KEY }));
  };
}
