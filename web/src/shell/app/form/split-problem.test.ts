import { describe, expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { splitProblem } from './split-problem';

const problem = (errors: [string, string][], detail = 'Correct the marked fields.') =>
  new Problem({
    status: 422,
    code: 'invalid-request',
    title: detail,
    detail,
    errors: errors.map(([pointer, message]) => ({ pointer, code: 'x', message })),
  });

describe('a problem is shown once', () => {
  it('is shown at its fields, without an alert', () => {
    const split = splitProblem(
      problem([
        ['/name', 'Too long.'],
        ['/cpus', 'Too many.'],
      ]),
      ['name', 'cpus'],
    );
    expect(split.atFields).toEqual([
      { path: 'name', message: 'Too long.' },
      { path: 'cpus', message: 'Too many.' },
    ]);
    expect(split.needsAlert).toBe(false);
  });

  it('needs an alert for fields that the form does not show', () => {
    const split = splitProblem(
      problem([
        ['/name', 'Too long.'],
        ['/model', 'Is closed.'],
      ]),
      ['name'],
    );
    expect(split.elsewhere.map(one => one.message)).toEqual(['Is closed.']);
    expect(split.needsAlert).toBe(true);
  });

  it('does not repeat the problem’s own sentence', () => {
    const split = splitProblem(
      problem([['/order', 'You cannot decide on your own order.']], 'You cannot decide on your own order.'),
      ['reason'],
    );
    expect(split.elsewhere).toEqual([]);
    expect(split.needsAlert).toBe(true);
  });

  it('shows one sentence for a field at a time', () => {
    const split = splitProblem(
      problem([
        ['/name', 'First.'],
        ['/name', 'Second.'],
      ]),
      ['name'],
    );
    expect(split.atFields).toEqual([{ path: 'name', message: 'First.' }]);
    expect(split.needsAlert).toBe(false);
  });

  it('reads JSON pointers as paths', () => {
    const split = splitProblem(
      problem([
        ['/config/url', 'Needs https.'],
        ['/a~1b', 'Odd.'],
      ]),
      ['config.url', 'a/b'],
    );
    expect(split.atFields.map(one => one.path)).toEqual(['config.url', 'a/b']);
  });
});
