import type { Row } from '../api';

type Request = Pick<Row<'requests'>, 'decommissioned_at'>;
type Over = Pick<Row<'requests'>, 'decommissioned_at' | 'status' | 'terminal'>;
type Vm = Pick<Row<'vms'>, 'status' | 'terminal' | 'power'>;

export type HandedOver = 'ready' | 'off' | 'suspended' | 'missing' | 'going' | 'stuck' | 'gone';

/** How a machine is that was handed over once: what was true then is not said of one that is otherwise now. */
export function handedOver(request: Request, vm: Vm | undefined): HandedOver {
  if (request.decommissioned_at || vm?.terminal) return 'gone';
  if (vm?.status === 'decommissioning') return 'going';
  if (vm?.status === 'decommission-failed') return 'stuck';
  if (vm?.power === 'missing') return 'missing';
  return vm?.power === 'off' || vm?.power === 'suspended' ? vm.power : 'ready';
}

/** Is there no machine of it, and will there be none? */
export function isOver({ terminal, status, decommissioned_at }: Over): boolean {
  return terminal === true && (status !== 'fulfilled' || decommissioned_at !== null);
}
