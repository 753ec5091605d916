import { type FieldProblem, Problem } from '@/shell/api/problem';

/**
 * What the page cannot read, together with what the host refuses of the rest: a form is corrected once. If the host says
 * nothing of use, what the page knows has to do.
 */
export async function together(errors: FieldProblem[], rehearsal: () => Promise<unknown>): Promise<Problem> {
  const refused = await rehearsal().then(
    () => null,
    (cause: unknown) => cause,
  );
  const own = new Set(errors.map(({ pointer }) => pointer));
  const others = refused instanceof Problem ? refused.errors.filter(({ pointer }) => !own.has(pointer)) : [];
  return new Problem({ status: 422, code: 'body-invalid', errors: [...errors, ...others] });
}
