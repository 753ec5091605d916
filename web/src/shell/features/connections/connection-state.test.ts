import { describe, expect, it } from 'vitest';
import { stateOf, triedAt, connectionProblemOf } from './connection-state';

const NOW = new Date('2026-11-28T12:00:00Z');
const known = (changed: Partial<Parameters<typeof connectionProblemOf>[0]>) => ({
  configured: true,
  last_check_at: null,
  last_error: null,
  last_error_text: null,
  last_use_at: null,
  use_error: null,
  use_error_text: null,
  ...changed,
});

describe('the state of a connection', () => {
  it('is not “works” without a test or call', () => {
    expect(stateOf(known({}), NOW)).toBe('untested');
    expect(stateOf(known({ configured: false }), NOW)).toBe('missing');
  });

  it('follows real calls, also after a successful test', () => {
    const tested = { last_check_at: '2026-11-28T10:00:00Z' };
    expect(stateOf(known(tested), NOW)).toBe('good');
    const used = { ...tested, last_use_at: '2026-11-28T11:59:00Z', use_error: 'vcenter-login' };
    expect(stateOf(known(used), NOW)).toBe('bad');
    expect(triedAt(known(used))).toBe('2026-11-28T11:59:00Z');
  });

  it('names the latest failure', () => {
    const refused = { last_check_at: '2026-11-28T11:00:00Z', last_error: 'vcenter-login' };
    const away = { last_use_at: '2026-11-28T11:59:00Z', use_error: 'vcenter-unreachable' };
    expect(connectionProblemOf(known({ ...refused, ...away }))).toBe('vcenter-unreachable');
    const earlier = { ...away, last_use_at: '2026-11-28T10:59:00Z' };
    expect(connectionProblemOf(known({ ...refused, ...earlier }))).toBe('vcenter-login');
    expect(connectionProblemOf(known(refused))).toBe('vcenter-login');
  });

  it('shows its age', () => {
    expect(stateOf(known({ last_check_at: '2026-11-07T12:00:00Z' }), NOW)).toBe('old');
  });
});
