import { ProblemAlert } from '../page/problem-alert';
import type { FormProblem } from './use-command-form';

/** Alert of a form, which has one. */
export function FormAlert({ alert }: { alert: FormProblem | null }) {
  return alert ? <ProblemAlert cause={alert.cause} fields={alert.fields} /> : null;
}
