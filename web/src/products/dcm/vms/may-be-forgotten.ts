import type { Row } from '../api';

/** Code: the connection leads to another vCenter than the VM's. */
export const OTHER_VCENTER = 'other-vcenter';

/**
 * Actions to show: none for a VM that is gone; confirming the removal only for one in another
 * vCenter.
 */
export function offered(vm: Row<'vms'>): Row<'vms'>['actions'] {
  if (vm.terminal) return [];
  return vm.actions.filter(one => one.command !== 'confirm-gone' || mayBeForgotten(vm));
}

/**
 * Whether an admin may confirm that a VM is removed: decommissioning failed, and the VM may be in
 * another vCenter.
 */
export function mayBeForgotten(vm: Pick<Row<'vms'>, 'status' | 'error_code'>): boolean {
  const elsewhere = vm.error_code === 'vm-gone' || vm.error_code === OTHER_VCENTER;
  return vm.status === 'decommission-failed' && elsewhere;
}
