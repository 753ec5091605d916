import type { Row } from '@/api/rows';

/** The connection leads to another vCenter than the one in which the VM was built. */
export const OTHER_VCENTER = 'other-vcenter';

/** Whether an administrator can say that a VM counts as removed: taking it down failed, and it may stand elsewhere. */
export function mayBeForgotten(vm: Pick<Row<'vms'>, 'status' | 'error_code'>): boolean {
  const elsewhere = vm.error_code === 'vm-gone' || vm.error_code === OTHER_VCENTER;
  return vm.status === 'decommission-failed' && elsewhere;
}
