import { describe, expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { atPlaces, pathOf, placeOf, placesOf } from './places';
import { toForm } from './policy-model';
import { COSTLY } from './policy-testing';

const places = placesOf(toForm(COSTLY, 'en'));

describe('an error of the host', () => {
  it.each([
    ['/name_de', '/name_de'],
    ['/document/stages/0/approvers', '/document/stages/0/approvers'],
    ['/document/stages/1/approvers/0/group', '/document/stages/1/approvers/0'],
    ['/document/stages/1/needs/at_least', '/document/stages/1/needs'],
    ['/document/stages/1/key', '/document/stages/1'],
    ['/document/stages/1/after/0', '/document/stages/1/after'],
    ['/document/stages/1/deadline/remind_after/0', '/document/stages/1/deadline/remind_after'],
    ['/document/stages/1/deadline/escalate/0/to/permission', '/document/stages/1/deadline/escalate/0/to'],
    ['/document/stages/0/deadline/hours', '/document/stages/0'],
    ['/document/applies_to/when/value', '/document/applies_to/when/value'],
    ['/document/stages/1/when/all/0/not/value', '/document/stages/1/when/all/0/not/value'],
    ['/document/stages/1/when/all/1/any/1/value/0', '/document/stages/1/when/all/1/any/1/value'],
    ['/document/stages/1/when/all/1/any', '/document/stages/1/when/all/1'],
    ['/document/auto_approve/0/name/en', '/document/auto_approve/0/name/en'],
    ['/document/stages', '/document/stages'],
  ])('at %s is shown at %s', (pointer, place) => {
    expect(placeOf(pointer, places)).toBe(place);
  });

  it('about the whole document has no place, and stays for the alert', () => {
    expect(placeOf('/document', places)).toBe('/document');
    expect(places).not.toContain('/document');
  });

  it('is not taken for one of a stage with a similar number', () => {
    expect(placeOf('/document/stages/10/needs', places)).toBe('/document/stages');
  });

  it('keeps its sentence and the code of its problem', () => {
    const errors = [{ pointer: '/document/stages/1/needs/at_least', code: 'x', message: 'Too many.' }];
    const moved = atPlaces(new Problem({ status: 422, code: 'invalid-policy', errors }), places);
    expect(moved.code).toBe('invalid-policy');
    expect(moved.errors).toEqual([{ pointer: '/document/stages/1/needs', code: 'x', message: 'Too many.' }]);
    expect(pathOf('/document/stages/1/needs')).toBe('document.stages.1.needs');
  });
});
