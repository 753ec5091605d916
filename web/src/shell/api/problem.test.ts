import { describe, expect, it } from 'vitest';
import { Problem, isProblem, shownHere } from './problem';
import { isWorthRepeating } from './query-client';

describe('a problem', () => {
  it('is read as the host writes it', () => {
    const problem = Problem.read(
      409,
      {
        code: 'name-taken',
        title: 'a',
        detail: 'a',
        trace_id: 'f00',
        errors: [],
        params: { name: 'web' },
      },
      null,
    );
    expect(problem).toMatchObject({
      status: 409,
      code: 'name-taken',
      traceId: 'f00',
      params: { name: 'web' },
    });
    expect(problem.undecided).toBe(false);
  });

  it('without a body is an unreachable host behind a proxy, or an unreadable answer', () => {
    expect(Problem.read(502, '<html>', null)).toMatchObject({ status: 0, code: 'unreachable' });
    expect(Problem.read(503, undefined, null)).toMatchObject({ status: 0, code: 'unreachable' });
    expect(Problem.read(503, { code: 'view-behind' }, null)).toMatchObject({
      status: 503,
      code: 'view-behind',
    });
    expect(Problem.read(500, undefined, 'f00')).toMatchObject({ code: 'unreadable', traceId: 'f00' });
  });

  it('is shown in place unless the banner or the dialog shows it', () => {
    expect(shownHere(null)).toBe(false);
    expect(shownHere(Problem.unreachable())).toBe(false);
    expect(shownHere(new Problem({ status: 401, code: 'token-missing' }))).toBe(false);
    expect(shownHere(Problem.intercepted())).toBe(false);
    expect(shownHere(new Problem({ status: 500, code: 'internal' }))).toBe(true);
    expect(shownHere(new Error('x'))).toBe(true);
  });

  it('is repeated only if the host asks for it', () => {
    expect(isWorthRepeating(0, new Problem({ status: 503, code: 'view-behind' }))).toBe(true);
    expect(isWorthRepeating(6, new Problem({ status: 503, code: 'view-behind' }))).toBe(false);
    expect(isWorthRepeating(0, new Problem({ status: 404, code: 'not-found' }))).toBe(false);
    expect(isProblem(new Error('x'))).toBe(false);
  });
});
