import { describe, expect, it } from 'vitest';
import { addStage, moveStage, removeStage } from './edit-stages';
import { BLANK, type PolicyForm, toDocument, toForm } from './policy-model';
import { COSTLY } from './policy-testing';

const after = (form: PolicyForm) =>
  toDocument(form, 'de').document.stages?.map(({ key, after: before = [] }) => [key, before.join()]);

function three(): PolicyForm {
  const form = [1, 2, 3].reduce(addStage, BLANK);
  return form;
}

describe('the form of a policy', () => {
  it('gives the document that it was made from', () => {
    const { document, mistakes } = toDocument(toForm(COSTLY, 'de'), 'de');
    expect(document).toEqual({ ...COSTLY, allow_timeout_approval: false });
    expect(mistakes).toEqual([]);
    expect(toForm(document, 'de')).toEqual(toForm(COSTLY, 'de'));
  });

  it('refuses hours that are no number, people who are not chosen, and rules without a condition', () => {
    const form = toForm(COSTLY, 'de');
    form.stages[1]!.deadline!.remind_after = '4; bald';
    form.rules[0]!.when = { type: 'all', parts: [] };
    form.stages[1]!.approvers[0] = { by: 'group', value: ' ' };
    expect(toDocument(form, 'de').mistakes).toEqual([
      { pointer: '/document/auto_approve/0/when', mistake: 'condition' },
      { pointer: '/document/stages/1/approvers/0', mistake: 'choice' },
      { pointer: '/document/stages/1/deadline/remind_after', mistake: 'whole-number' },
    ]);
  });
});

describe('stages', () => {
  it('wait for the stage before them, also after a move', () => {
    expect(after(three())).toEqual([
      ['stage-1', ''],
      ['stage-2', 'stage-1'],
      ['stage-3', 'stage-2'],
    ]);
    const moved = moveStage(three(), 2, 0);
    expect(after(moved)).toEqual([
      ['stage-3', ''],
      ['stage-1', 'stage-3'],
      ['stage-2', 'stage-1'],
    ]);
  });

  it('stay where they are at the ends of the list', () => {
    const form = three();
    expect(moveStage(form, 0, -1)).toBe(form);
    expect(moveStage(form, 2, 3)).toBe(form);
  });

  it('wait for no stage that was removed, and do not get its key while it exists', () => {
    const form = three();
    form.stages[2] = { ...form.stages[2]!, starts: 'chosen', after: ['stage-1', 'stage-2'] };
    const left = removeStage(form, 0);
    expect(after(left)).toEqual([
      ['stage-2', ''],
      ['stage-3', 'stage-2'],
    ]);
    expect(addStage(left).stages.map(({ key }) => key)).toEqual(['stage-2', 'stage-3', 'stage-4']);
  });
});
