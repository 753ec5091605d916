import { Problem } from '@/shell/api/problem';

/**
 * Problem for a new offering with an existing key: the command would change the existing offering.
 */
export function takenKey(sentence: string): Problem {
  const errors = [{ pointer: '/key', code: 'key-taken', message: sentence }];
  return new Problem({ status: 409, code: 'key-taken', errors });
}
