import { describe, expect, it } from 'vitest';
import { type GroupForm, partPointers, readCondition, withFact, writeCondition } from './condition-form';
import type { Condition } from './document';

const money: Condition = { fact: 'monthly_cents', is: 'gt', value: 50_050 };
const cpus: Condition = { fact: 'cpus', is: 'in', value: [2, 4] };
const group: Condition = { fact: 'requester_groups', is: 'contains', value: 'platform' };

function written(form: GroupForm) {
  const refused: string[] = [];
  const condition = writeCondition(form, '/when', {
    language: 'de',
    refuse: (pointer, mistake) => refused.push(`${pointer} ${mistake}`),
  });
  return { condition, refused };
}

describe('a condition', () => {
  const conditions: [string, Condition][] = [
    ['one comparison', money],
    ['all of a list', { all: [money, cpus] }],
    ['any of a list', { any: [money, group] }],
    ['not one', { not: group }],
    ['none of a list', { not: { any: [money, group] } }],
    ['not all of a list', { not: { all: [money, group] } }],
    ['nested groups', { all: [{ any: [money, { not: cpus }] }, { not: { any: [group, cpus] } }] }],
  ];
  it.each(conditions)('is the same after a round trip through the form: %s', (_, condition) => {
    const { condition: back, refused } = written(readCondition(condition, 'de'));
    expect(back).toEqual(condition);
    expect(refused).toEqual([]);
  });

  it('is absent if the form has no comparison', () => {
    expect(readCondition(undefined, 'de').parts).toEqual([]);
    expect(written(readCondition(undefined, 'de')).condition).toBeUndefined();
  });

  it('shows amounts in euros and lists with semicolons', () => {
    const [amount, list] = readCondition({ all: [money, cpus] }, 'de').parts;
    expect(amount).toMatchObject({ value: '500,50' });
    expect(list).toMatchObject({ value: '2; 4' });
  });

  it('keeps input that is no number, and refuses it at its place', () => {
    const form = readCondition({ all: [money, { not: { any: [cpus, group] } }] }, 'de');
    const [, none] = form.parts as [unknown, GroupForm];
    none.parts[0] = { type: 'comparison', fact: 'cpus', is: 'gt', value: 'viele' };
    const { condition, refused } = written(form);
    expect(refused).toEqual(['/when/all/1/not/any/0/value whole-number']);
    expect(JSON.stringify(condition)).toContain('"viele"');
  });
});

it('pointers of the parts are those of the document', () => {
  const parts = [money, cpus].map(one => readCondition(one, 'de').parts[0]!);
  expect(partPointers({ type: 'all', parts }, '/w', true)).toEqual(['/w/all/0', '/w/all/1']);
  expect(partPointers({ type: 'all', parts: parts.slice(1) }, '/w', true)).toEqual(['/w']);
  expect(partPointers({ type: 'all', parts: parts.slice(1) }, '/w')).toEqual(['/w/all/0']);
  expect(partPointers({ type: 'none', parts: parts.slice(1) }, '/w', true)).toEqual(['/w/not']);
  expect(partPointers({ type: 'none', parts }, '/w')).toEqual(['/w/not/any/0', '/w/not/any/1']);
});

it('another fact gets an operator that fits, and keeps a value of the same kind', () => {
  const comparison = { type: 'comparison', fact: 'monthly_cents', is: 'gt', value: '500' } as const;
  expect(withFact(comparison, 'total_cents')).toEqual({ ...comparison, fact: 'total_cents' });
  expect(withFact(comparison, 'requester_groups')).toEqual({
    ...comparison,
    fact: 'requester_groups',
    is: 'contains',
    value: '',
  });
});
