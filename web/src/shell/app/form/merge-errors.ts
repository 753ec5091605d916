import { type FieldProblem, Problem } from '@/shell/api/problem';

/**
 * Merges errors that the page finds with those of a rehearsal, so that a form is corrected once.
 * Without an answer of the host, the page's own errors are shown.
 */
export async function mergeErrors(
  errors: FieldProblem[],
  rehearsal: () => Promise<unknown>,
): Promise<Problem> {
  const refused = await rehearsal().then(
    () => null,
    (cause: unknown) => cause,
  );
  const own = new Set(errors.map(({ pointer }) => pointer));
  const others = refused instanceof Problem ? refused.errors.filter(({ pointer }) => !own.has(pointer)) : [];
  return new Problem({ status: 422, code: 'body-invalid', errors: [...errors, ...others] });
}
