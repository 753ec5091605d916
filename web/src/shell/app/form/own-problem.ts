import { Problem } from '@/shell/api/problem';

/** Problem that the page finds itself, with a sentence per JSON pointer. */
export function ownProblem(sentences: Readonly<Record<string, string>>): Problem {
  const errors = Object.entries(sentences).map(([pointer, message]) => ({
    pointer,
    code: 'invalid',
    message,
    params: {},
  }));
  return new Problem({ status: 422, code: 'body-invalid', errors });
}

/** Throws the sentences of the empty values among these, if there are any. */
export function requireAll(
  values: Readonly<Record<string, readonly [value: string, sentence: string]>>,
): void {
  const empty = Object.entries(values).filter(([, [value]]) => value === '');
  if (empty.length > 0)
    throw ownProblem(Object.fromEntries(empty.map(([pointer, [, sentence]]) => [pointer, sentence])));
}
