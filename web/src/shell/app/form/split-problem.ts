import type { FieldProblem, Problem } from '@/shell/api/problem';

export interface SplitProblem {
  /** What is said at a field of the form, by the field's path: `/config/url` is `config.url`. */
  atFields: { path: string; message: string }[];
  /** What belongs to no field of this form. */
  elsewhere: FieldProblem[];
  /** False: everything is said at a field, and an alert would say it twice. */
  needsAlert: boolean;
}

/** Decides where each sentence of a problem is said, so that each is said once. */
export function splitProblem(problem: Problem, paths: readonly string[]): SplitProblem {
  const atFields: SplitProblem['atFields'] = [];
  const elsewhere: FieldProblem[] = [];
  for (const error of problem.errors) {
    const path = pathOf(error.pointer);
    const known = paths.includes(path);
    if (known && !atFields.some(one => one.path === path)) atFields.push({ path, message: error.message });
    // A second one at the same field waits for the first to be corrected; the problem's own sentence is not repeated.
    else if (!known && error.message !== problem.detail) elsewhere.push(error);
  }
  const needsAlert = atFields.length === 0 || elsewhere.length > 0;
  return { atFields, elsewhere, needsAlert };
}

/** From a JSON pointer (RFC 6901) to a path as React Hook Form writes it. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}
