import { expect, it } from 'vitest';
import { toBody, toValues } from './grant-values';
import type { Request } from './tenant-products';

const REQUEST = {
  capability: 'vsphere',
  grant: 'vcenter',
  interfaces: [],
  optional: false,
  state: 'missing',
  scope: null,
  connection: null,
  reason: null,
  expires_at: null,
  granted_at: null,
} as Request;

it('starts with a scope that permits nothing, or with the present grant', () => {
  expect(toValues(REQUEST)).toEqual({
    scope: '{}',
    connection: 'vcenter',
    reason: '',
    expires: '',
  });
  const granted = { ...REQUEST, scope: {}, connection: 'main', expires_at: '2027-06-30T23:59:59Z' };
  expect(toValues(granted)).toEqual({ scope: '{}', connection: 'main', reason: '', expires: '2027-06-30' });
});

it('expires at the end of its last day, or never', () => {
  const values = { scope: '{}', connection: ' main ', reason: ' ordered ', expires: '2027-06-30' };
  expect(toBody(values, 'no')).toEqual({
    scope: {},
    connection: 'main',
    reason: 'ordered',
    expires_at: '2027-06-30T23:59:59Z',
  });
  expect(toBody({ ...values, expires: '' }, 'no').expires_at).toBeNull();
});

it('reports a scope that is not a JSON object at its field', () => {
  const values = { connection: 'main', reason: 'ordered', expires: '' };
  const refused = expect.objectContaining({
    errors: [expect.objectContaining({ pointer: '/scope', message: 'not JSON' })],
  });
  for (const scope of ['', '[]', 'null', '"x"', '{"templates": [}'])
    expect(() => toBody({ ...values, scope }, 'not JSON')).toThrow(refused);
});
