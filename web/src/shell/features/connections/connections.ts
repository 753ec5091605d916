import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { BasisHeader } from '@/shell/api/basis';
import type { Choices } from '@/shell/app/choose/choices';
import type { paths } from '@/schema';

type Path = '/api/host/connections/{capability}/{name}';
type Shown = paths[Path]['get']['responses'][200]['content']['application/json'];
type Tested = paths[`${Path}/test`]['post']['responses'][200]['content']['application/json'];

export type Config = Record<string, unknown>;
/** Connection as shown: without secret, and with a null config if it was granted and not set. */
export type Connection = Omit<Shown, 'config'> & { config: Config | null };
/** `text` is for people, `message` for those who repair the connection. */
export type TestResult = Tested & { text?: string | undefined };
/** Requirement of the connection with its result. */
export type Finding = Tested['findings'][number];

export interface ConnectionBody {
  config: Config;
  secret?: Record<string, string>;
}

/** Polling interval in milliseconds, since connections have no live updates. */
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

/** Saves a connection; resolves when the change is shown. */
export function useSetConnection({ capability, name }: Place) {
  const client = useQueryClient();
  return async (body: ConnectionBody, header: BasisHeader): Promise<void> => {
    const params = { path: { capability, name }, header };
    const sent = answerOf(api.PUT('/api/host/connections/{capability}/{name}', { params, body }));
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() => client.invalidateQueries({ queryKey: KEY }));
  };
}

/** Removes a connection; resolves when it is no longer shown. */
export function useRemoveConnection({ capability, name }: Place) {
  const client = useQueryClient();
  return async (): Promise<void> => {
    const params = { path: { capability, name } };
    await answerOf(api.DELETE('/api/host/connections/{capability}/{name}', { params }));
    await client.invalidateQueries({ queryKey: KEY });
  };
}

/** A trial tests, and also sends a mail to the caller. */
export type Check = 'test' | 'trial';

/** Tests the stored connection; the result is stored with it. */
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

/** Tests a draft without storing it. */
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

/** Reads the choices of a setting with the draft's values. */
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
