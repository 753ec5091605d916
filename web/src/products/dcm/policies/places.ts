import { type FieldProblem, Problem } from '@/shell/api/problem';
import { type GroupForm, partPointers } from './condition-form';
import { DOCUMENT, type PolicyForm, type StageForm } from './policy-model';

/** JSON pointers at which the editor can show an error. */
export function placesOf(form: PolicyForm): string[] {
  const rules = form.rules.flatMap(({ when }, index) => {
    const place = `${DOCUMENT}/auto_approve/${index}`;
    return [place, ...names(place), ...ofCondition(when, `${place}/when`)];
  });
  return [
    '/policy',
    '/name_de',
    '/name_en',
    `${DOCUMENT}/applies_to/kinds`,
    ...ofCondition(form.when, `${DOCUMENT}/applies_to/when`),
    `${DOCUMENT}/auto_approve`,
    ...rules,
    `${DOCUMENT}/stages`,
    ...form.stages.flatMap((stage, index) => ofStage(stage, `${DOCUMENT}/stages/${index}`)),
  ];
}

const names = (place: string) => [`${place}/name/de`, `${place}/name/en`];

function ofCondition(group: GroupForm, pointer: string, root = true): string[] {
  const places = partPointers(group, pointer, root);
  const parts = group.parts.flatMap((part, index) => {
    const place = places[index] ?? pointer;
    return part.type === 'comparison' ? [`${place}/value`] : ofCondition(part, place, false);
  });
  return [pointer, ...parts];
}

function ofStage(stage: StageForm, place: string): string[] {
  const deadline = `${place}/deadline`;
  const steps = stage.deadline?.escalate.flatMap((_, index) => [
    `${deadline}/escalate/${index}/to`,
    `${deadline}/escalate/${index}/hours`,
  ]);
  const inDeadline = ['hours', 'remind_after', 'finally'].map(name => `${deadline}/${name}`);
  return [
    place,
    ...names(place),
    `${place}/after`,
    ...ofCondition(stage.when, `${place}/when`),
    `${place}/approvers`,
    ...stage.approvers.map((_, index) => `${place}/approvers/${index}`),
    `${place}/needs`,
    ...(steps ? [deadline, ...inDeadline, ...steps] : []),
  ];
}

/** Nearest place at or above an error; the pointer itself if the editor has none. */
export function placeOf(pointer: string, places: readonly string[]): string {
  const above = places.filter(place => pointer === place || pointer.startsWith(`${place}/`));
  return above.reduce((nearest, place) => (place.length > nearest.length ? place : nearest), '') || pointer;
}

/** Problem with each error at the place that shows it. */
export function atPlaces(problem: Problem, places: readonly string[]): Problem {
  const errors = problem.errors.map((error): FieldProblem => ({
    ...error,
    pointer: placeOf(error.pointer, places),
  }));
  const { status, code, title, detail, params } = problem;
  return new Problem({ status, code, title, detail, params, trace_id: problem.traceId, errors });
}

/** Path under which React Hook Form stores the error of a place. */
export const pathOf = (place: string): string => place.slice(1).replaceAll('/', '.');
