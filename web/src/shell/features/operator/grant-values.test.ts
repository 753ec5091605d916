import { expect, it } from 'vitest';
import { toBody, toValues } from './grant-values';
import type { Request } from './tenant-products';

const REQUEST = {
  capability: 'vsphere',
  grant: 'vcenter',
  interfaces: [],
  requested_scope: { templates: ['Templates'] },
  optional: false,
  state: 'missing',
  scope: null,
  connection: null,
  reason: null,
  expires_at: null,
  granted_at: null,
} as Request;

it('begins with what the package asks for, and changes what is granted', () => {
  expect(toValues(REQUEST)).toEqual({
    scope: '{\n  "templates": [\n    "Templates"\n  ]\n}',
    connection: 'vcenter',
    reason: '',
    expires: '',
  });
  const granted = { ...REQUEST, scope: {}, connection: 'main', expires_at: '2027-06-30T23:59:59Z' };
  expect(toValues(granted)).toEqual({ scope: '{}', connection: 'main', reason: '', expires: '2027-06-30' });
});

it('holds to the end of its last day, or has none', () => {
  const values = { scope: '{}', connection: ' main ', reason: ' ordered ', expires: '2027-06-30' };
  expect(toBody(values, 'no')).toEqual({
    scope: {},
    connection: 'main',
    reason: 'ordered',
    expires_at: '2027-06-30T23:59:59Z',
  });
  expect(toBody({ ...values, expires: '' }, 'no').expires_at).toBeNull();
});

it('says at its field that a scope is no JSON object', () => {
  const values = { connection: 'main', reason: 'ordered', expires: '' };
  const refused = expect.objectContaining({
    errors: [expect.objectContaining({ pointer: '/scope', message: 'not JSON' })],
  });
  for (const scope of ['', '[]', 'null', '"x"', '{"templates": [}'])
    expect(() => toBody({ ...values, scope }, 'not JSON')).toThrow(refused);
});
