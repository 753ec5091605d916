import type { Row } from '../api';

type Request = Pick<Row<'requests'>, 'decommissioned_at'>;
type Over = Pick<Row<'requests'>, 'decommissioned_at' | 'status' | 'terminal'>;
type Vm = Pick<Row<'vms'>, 'status' | 'terminal' | 'power'>;

export type HandedOver = 'ready' | 'off' | 'suspended' | 'missing' | 'going' | 'stuck' | 'gone';

/**
 * Present state of a machine that was handed over, since facts of the hand-over may no longer hold.
 */
export function handedOver(request: Request, vm: Vm | undefined): HandedOver {
  if (request.decommissioned_at || vm?.terminal) return 'gone';
  if (vm?.status === 'decommissioning') return 'going';
  if (vm?.status === 'decommission-failed') return 'stuck';
  if (vm?.power === 'missing') return 'missing';
  return vm?.power === 'off' || vm?.power === 'suspended' ? vm.power : 'ready';
}

/** Whether the request has no machine and will have none. */
export function isOver({ terminal, status, decommissioned_at }: Over): boolean {
  return terminal === true && (status !== 'fulfilled' || decommissioned_at !== null);
}
