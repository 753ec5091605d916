import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Attempts, forgetAttemptsOfOthers } from './attempts';
import { drawnFor } from './drawn-for';

const BODY = { name: 'web', justification: 'For the spring campaign' };
/** Attempts as a reloaded page creates them. */
const afterReload = () => new Attempts('shop/place-order');

beforeEach(() => {
  sessionStorage.clear();
  drawnFor.forget();
  drawnFor.isFor('lena');
});
afterEach(() => drawnFor.forget());

describe('an attempt', () => {
  it('keeps its key while its outcome is unknown', () => {
    const attempts = new Attempts('shop/place-order');
    expect(attempts.begin(BODY).key).toBe(attempts.begin({ ...BODY }).key);
  });

  it('continues after a reload, and ends when it is decided', () => {
    const first = afterReload().begin(BODY);
    const again = afterReload().begin(BODY);
    expect(again.key).toBe(first.key);
    again.decided();
    expect(sessionStorage.length).toBe(0);
    expect(afterReload().begin(BODY).key).not.toBe(first.key);
  });

  it('differs by body and by command', () => {
    const { key } = afterReload().begin(BODY);
    expect(afterReload().begin({ ...BODY, name: 'web-2' }).key).not.toBe(key);
    expect(new Attempts('shop/confirm-order').begin(BODY).key).not.toBe(key);
  });

  it('cannot be used or read by another person', () => {
    const { key } = afterReload().begin(BODY);
    drawnFor.forget();
    drawnFor.isFor('james');
    expect(afterReload().begin(BODY).key).not.toBe(key);
    forgetAttemptsOfOthers('james');
    expect(Object.keys(sessionStorage).join(' ')).not.toContain('lena');
  });
});
