import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { CommandBody, Row } from '../api';

/** Values of a request as typed; numbers are converted when they are sent. */
export interface RequestValues {
  name: string;
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
    offering: offering.key,
    cpus: String(former?.cpus ?? offering.cpu_min ?? 1),
    memory_gb: String(former?.memory_gb ?? offering.memory_gb_min ?? 1),
    term_months: String(former?.term_months ?? 12),
    justification: former?.justification ?? '',
  };
}

export function toBody(values: RequestValues): CommandBody<'request-vm'> {
  const { name, offering, justification, cpus, memory_gb, term_months } = values;
  return {
    name: normalizeInput(name),
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
