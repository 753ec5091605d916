import { describe, expect, it } from 'vitest';
import { Attempts } from './attempts';

describe('an attempt', () => {
  it('keeps its key while its outcome is unknown', () => {
    const attempts = new Attempts();
    expect(attempts.keyFor({ name: 'web' })).toBe(attempts.keyFor({ name: 'web' }));
  });

  it('is another one with another body', () => {
    const attempts = new Attempts();
    expect(attempts.keyFor({ name: 'web' })).not.toBe(attempts.keyFor({ name: 'web-2' }));
  });

  it('is over once it is decided, also when the answer was no', () => {
    const attempts = new Attempts();
    const first = attempts.keyFor({ name: 'web' });
    attempts.decided();
    expect(attempts.keyFor({ name: 'web' })).not.toBe(first);
  });
});
