import { expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { toBody, toValues } from './deputy-values';
import { text } from './text';

const ANNA = '0198f0aa-1111-7222-8333-444455556666';
const at = (day: number, hour: number) => new Date(2026, 2, day, hour).toISOString();

it('a period is typed in the reader’s zone and sent with its zone', () => {
  const deputy = {
    actor: ANNA,
    name: 'Anna',
    starts_at: at(1, 9),
    ends_at: at(8, 17),
    tag: '0123456789abcdef',
  };
  const values = toValues(deputy, new Date());
  expect(values).toEqual({
    starts_at: '2026-03-01T09:00',
    ends_at: '2026-03-08T17:00',
    deputy: ANNA,
    deputyName: 'Anna',
  });
  const { deputy: actor, starts_at, ends_at } = toBody(values, text.en);
  expect([actor, Date.parse(starts_at), Date.parse(ends_at)]).toEqual([
    ANNA,
    Date.parse(deputy.starts_at),
    Date.parse(deputy.ends_at),
  ]);
});

it('without a deputy the absence begins now, and all missing values are named at once', () => {
  const values = toValues(null, new Date(2026, 2, 1, 9, 30));
  expect(values.starts_at).toBe('2026-03-01T09:30');
  const problem = (() => {
    try {
      return toBody(values, text.en);
    } catch (cause) {
      return cause;
    }
  })();
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).errors.map(({ pointer }) => pointer)).toEqual(['/ends_at', '/deputy']);
});
