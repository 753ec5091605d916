import type { FieldProblem, Problem } from '@/shell/api/problem';

export interface SplitProblem {
  /** Errors at fields of the form, by path: `/config/url` is `config.url`. */
  atFields: { path: string; message: string }[];
  /** Errors that belong to no field of the form. */
  elsewhere: FieldProblem[];
  /** False if all errors are at fields, so that an alert would repeat them. */
  needsAlert: boolean;
}

/** Assigns each sentence of a problem to one place, so that it is shown once. */
export function splitProblem(problem: Problem, paths: readonly string[]): SplitProblem {
  const atFields: SplitProblem['atFields'] = [];
  const elsewhere: FieldProblem[] = [];
  for (const error of problem.errors) {
    const path = pathOf(error.pointer);
    const known = paths.includes(path);
    if (known && !atFields.some(one => one.path === path)) atFields.push({ path, message: error.message });
    // A second error of a field is shown after the first is corrected; the problem's own sentence
    // is not repeated.
    else if (!known && error.message !== problem.detail) elsewhere.push(error);
  }
  const needsAlert = atFields.length === 0 || elsewhere.length > 0;
  return { atFields, elsewhere, needsAlert };
}

/** Converts a JSON pointer (RFC 6901) to a path of React Hook Form. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}
