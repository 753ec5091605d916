import { Problem } from '@/shell/api/problem';

/** To define an offering of a key that there is would be to change it, and who makes a new one does not mean that. */
export function takenKey(sentence: string): Problem {
  const errors = [{ pointer: '/key', code: 'key-taken', message: sentence }];
  return new Problem({ status: 409, code: 'key-taken', errors });
}
