import type { Row } from '../api';

/** The connection leads to another vCenter than the one in which the VM was built. */
export const OTHER_VCENTER = 'other-vcenter';

/** Nothing can be done with a VM that is gone; only one that may stand elsewhere can count as removed. */
export function offered(vm: Row<'vms'>): Row<'vms'>['actions'] {
  if (vm.terminal) return [];
  return vm.actions.filter(one => one.command !== 'confirm-gone' || mayBeForgotten(vm));
}

/** Whether an administrator can say that a VM counts as removed: taking it down failed, and it may stand elsewhere. */
export function mayBeForgotten(vm: Pick<Row<'vms'>, 'status' | 'error_code'>): boolean {
  const elsewhere = vm.error_code === 'vm-gone' || vm.error_code === OTHER_VCENTER;
  return vm.status === 'decommission-failed' && elsewhere;
}
