import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { BasisHeader } from '@/shell/api/basis';
import type { Choices } from '@/shell/app/choose/choices';
import type { paths } from '@/schema';

type Path = '/api/host/connections/{capability}/{name}';
type Shown = paths[Path]['get']['responses'][200]['content']['application/json'];
type Tested = paths[`${Path}/test`]['post']['responses'][200]['content']['application/json'];

export type Config = Record<string, unknown>;
/** As it is shown: nothing secret, and without a config where it was granted and nobody has set it yet. */
export type Connection = Omit<Shown, 'config'> & { config: Config | null };
/** `text` is for people, `message` for those who repair it. */
export type TestResult = Tested & { text?: string | undefined };
/** One thing that the connection needs, and whether it has it. */
export type Finding = Tested['findings'][number];

export interface ConnectionBody {
  config: Config;
  secret?: Record<string, string>;
}

/** No live updates tell of connections. */
const LOOK = 10_000;
const LOOK_AT_ALL = 60_000;

const KEY = ['host', 'connections'] as const;

export const connectionsQuery = queryOptions({
  queryKey: KEY,
  refetchInterval: LOOK_AT_ALL,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/connections', { signal })),
  select: (answer): Connection[] => answer.items,
});

export function connectionQuery(capability: string, name: string) {
  const path = { capability, name };
  return queryOptions({
    queryKey: [...KEY, capability, name],
    refetchInterval: LOOK,
    queryFn: ({ signal }): Promise<Connection> =>
      answerOf(api.GET('/api/host/connections/{capability}/{name}', { params: { path }, signal })),
  });
}

type Place = Pick<Connection, 'capability' | 'name'>;

/** Resolves when what it changed is on the screen. */
export function useSetConnection({ capability, name }: Place) {
  const client = useQueryClient();
  return async (body: ConnectionBody, header: BasisHeader): Promise<void> => {
    const params = { path: { capability, name }, header };
    const sent = answerOf(api.PUT('/api/host/connections/{capability}/{name}', { params, body }));
    // Also after a no: what it is now may be the reason.
    await sent.finally(() => client.invalidateQueries({ queryKey: KEY }));
  };
}

/** Resolves when it is gone from the screen. */
export function useRemoveConnection({ capability, name }: Place) {
  const client = useQueryClient();
  return async (): Promise<void> => {
    const params = { path: { capability, name } };
    await answerOf(api.DELETE('/api/host/connections/{capability}/{name}', { params }));
    await client.invalidateQueries({ queryKey: KEY });
  };
}

/** A trial does what the test does, and sends whoever asks a mail. */
export type Check = 'test' | 'trial';

/** Tests what is stored; the outcome is part of the connection from then on. */
export function useTestStored({ capability, name }: Place) {
  const client = useQueryClient();
  return async (check: Check): Promise<TestResult> => {
    const params = { path: { capability, name } };
    const asked =
      check === 'trial'
        ? answerOf(api.POST('/api/host/connections/{capability}/{name}/trial', { params }))
        : answerOf(api.POST('/api/host/connections/{capability}/{name}/test', { params }));
    const result = await asked;
    await client.invalidateQueries({ queryKey: KEY });
    return result;
  };
}

/** Tests what is typed; nothing is stored. */
export async function testDraft(
  { capability, name }: Place,
  check: Check,
  body: ConnectionBody,
  signal: AbortSignal,
): Promise<TestResult> {
  const request = { params: { path: { capability, name } }, body, signal };
  return check === 'trial'
    ? answerOf(api.POST('/api/host/connections/{capability}/{name}/draft/trial', request))
    : answerOf(api.POST('/api/host/connections/{capability}/{name}/draft/test', request));
}

/** What a setting could be, with what is typed so far. */
export function draftChoices(
  { capability, name }: Place,
  body: ConnectionBody & { of: string; search: string },
  signal: AbortSignal,
): Promise<Choices> {
  const params = { path: { capability, name } };
  return answerOf(
    api.POST('/api/host/connections/{capability}/{name}/draft/choices', { params, body, signal }),
  );
}
