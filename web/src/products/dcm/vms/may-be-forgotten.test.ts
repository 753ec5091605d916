import { expect, test } from 'vitest';
import { mayBeForgotten } from './may-be-forgotten';

const failed = (error_code: string | null) => ({ status: 'decommission-failed', error_code });

test('only a VM that may be in another vCenter can be confirmed as removed', () => {
  expect(['vm-gone', 'other-vcenter'].map(failed).every(mayBeForgotten)).toBe(true);
  expect(['vcenter-busy', 'vm-there', null].map(failed).some(mayBeForgotten)).toBe(false);
  expect(mayBeForgotten({ status: 'active', error_code: 'other-vcenter' })).toBe(false);
});
