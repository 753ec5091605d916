import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { CommandBody, Row } from '../api';

/** Values of a request as typed; numbers are converted when they are sent. */
export interface RequestValues {
  name: string;
  /** Names of further machines, each with a request of its own. */
  more_names: string[];
  /** Key. */
  offering: string;
  cpus: string;
  memory_gb: string;
  term_months: string;
  justification: string;
}

/** Values of a new request; `former` is a request to start from, whose name may be taken. */
export function valuesOf(offering: Row<'offerings'>, former: Row<'requests'> | undefined): RequestValues {
  return {
    name: '',
    more_names: [],
    offering: offering.key,
    cpus: String(former?.cpus ?? offering.cpu_min ?? 1),
    memory_gb: String(former?.memory_gb ?? offering.memory_gb_min ?? 1),
    term_months: String(former?.term_months ?? 12),
    justification: former?.justification ?? '',
  };
}

export function toBody(values: RequestValues): CommandBody<'request-vm'> {
  const { name, more_names, offering, justification, cpus, memory_gb, term_months } = values;
  return {
    name: normalizeInput(name),
    more_names: more_names.map(normalizeInput),
    offering,
    cpus: number(cpus),
    memory_gb: number(memory_gb),
    justification,
    term_months: number(term_months),
  };
}

/**
 * Keeps text that is not a number, so that the host refuses it together with all other mistakes.
 */
function number(typed: string): number {
  return readWholeNumber(typed) ?? (typed as unknown as number);
}

/** Maximum number of machines of one submission. */
export const MACHINES_MAX = 14;

/** Names in pasted text: one per line, or separated by commas, semicolons or tabs. */
export function pastedNames(pasted: string): string[] {
  return pasted
    .split(/[\r\n,;\t]+/)
    .map(normalizeInput)
    .filter(name => name !== '');
}

/** Names after several were pasted into one field: they follow its name, or fill an empty field. */
export function withPasted(names: readonly string[], index: number, pasted: readonly string[]): string[] {
  const own = names[index]?.trim() ? [names[index]] : [];
  return [...names.slice(0, index), ...own, ...pasted, ...names.slice(index + 1)];
}
