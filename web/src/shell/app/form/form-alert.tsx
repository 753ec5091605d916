import { ProblemAlert } from '../page/problem-alert';
import type { FormProblem } from './use-command-form';

/** The one alert of a form. */
export function FormAlert({ alert }: { alert: FormProblem | null }) {
  return alert ? <ProblemAlert cause={alert.cause} fields={alert.fields} /> : null;
}
