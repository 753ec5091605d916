import type { QueryClient } from '@tanstack/react-query';
import { Problem, isProblem } from '@/api/problem';
import { rowQuery } from '@/api/rows';

/** Defining an offering replaces the one of the same key. Whoever makes a new one does not mean that. */
export async function refuseTakenKey(client: QueryClient, key: string, sentence: string): Promise<void> {
  if (key === '') return;
  try {
    await client.fetchQuery({ ...rowQuery('offerings', key), staleTime: 0 });
  } catch (cause) {
    if (isProblem(cause) && cause.status === 404) return;
    throw cause;
  }
  const errors = [{ pointer: '/key', code: 'key-taken', message: sentence }];
  throw new Problem({ status: 409, code: 'key-taken', errors });
}
