import { expect, it } from 'vitest';
import { namedPeople } from './named-people';

it('gives the names of people who were not erased', () => {
  const people = { 'id-mara': 'Mara Manager', 'id-gone': null };
  expect([...namedPeople({ people })]).toEqual([['id-mara', 'Mara Manager']]);
  expect(namedPeople({}).size).toBe(0);
});
