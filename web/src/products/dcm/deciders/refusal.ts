import { type FieldProblem, Problem } from '@/shell/api/problem';

/** Field of the first person of a reassignment, which all errors about its people have. */
export const FIRST_PERSON = '/actors/0';

/** Refusals without a field of the body, by code, with the field that a person can correct. */
const FIELDS: Readonly<Record<string, string>> = {
  'approvers-too-few': FIRST_PERSON,
  'stage-not-open': '/stage',
};

/** Refusal of a reassignment with its errors at fields of the form. */
export function atFields(cause: unknown): unknown {
  if (!(cause instanceof Problem)) return cause;
  const { code, detail, title } = cause;
  const pointer = FIELDS[code];
  if (pointer) return withErrors(cause, [{ pointer, code, message: detail || title }]);
  return cause.moved(at => (at === '/actors' ? FIRST_PERSON : at));
}

/** Refusal with `sentence` at `/to`, because the person was not chosen. */
export function withoutPerson(cause: unknown, sentence: string): unknown {
  if (!(cause instanceof Problem)) return cause;
  const worded = (error: FieldProblem) => (error.pointer === '/to' ? { ...error, message: sentence } : error);
  return withErrors(cause, cause.errors.map(worded));
}

function withErrors(problem: Problem, errors: FieldProblem[]): Problem {
  const { status, code, title, detail, traceId, params } = problem;
  return new Problem({ status, code, title, detail, trace_id: traceId, params, errors });
}
