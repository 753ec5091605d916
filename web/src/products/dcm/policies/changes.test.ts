import { describe, expect, it } from 'vitest';
import { changesOf } from './changes';
import { text } from './changes-text';
import type { PolicyDocument } from './document';
import { COSTLY, speechIn } from './policy-testing';

const NAME = { de: 'Teuer', en: 'Costly' };

function changes(document: PolicyDocument, name = NAME): string[] {
  const before = { name: NAME, document: COSTLY };
  return changesOf(before, { name, document }, speechIn('en'), text.en);
}

const [manager, finance] = COSTLY.stages!;

describe('the differences between two versions', () => {
  it('are none for the same document', () => {
    expect(changes(structuredClone(COSTLY))).toEqual([]);
  });

  it('name the stage and the part that changed', () => {
    const changed = {
      ...finance!,
      needs: 'all' as const,
      deadline: { hours: 4, finally: 'expire' as const },
    };
    expect(changes({ ...COSTLY, stages: [manager!, changed] })).toEqual([
      'Approvals needed in the stage “Finance”: now “all must approve” instead of “at least 2 must approve”',
      'Deadline of the stage “Finance”: now “The deadline is 4 business hours. At the end the request expires.”' +
        ' instead of “The deadline is 16 business hours. Reminders are sent after 8 business hours. ' +
        'Then also asked, for 8 business hours: the administrators. At the end the request expires.”',
    ]);
  });

  it('name stages and rules that were added or removed, and the new beginning of the others', () => {
    const { after: _, ...first } = finance!;
    expect(changes({ ...COSTLY, auto_approve: [], stages: [first, { ...manager!, key: 'head' }] })).toEqual([
      'The automatic rule “Small” was removed',
      'The stage “Manager” was removed',
      'The stage “Manager” was added',
      'Beginning of the stage “Finance”: now “The stage “Finance” opens at once.” ' +
        'instead of “The stage “Finance” opens after “Manager”.”',
    ]);
  });

  it('say a new condition and a new name once each', () => {
    const renamed = { ...manager!, name: { de: 'Leitung', en: 'Head' } };
    const found = changes(
      {
        ...COSTLY,
        applies_to: { kinds: ['vm.create', 'vm.decommission'] },
        stages: [renamed, finance!],
      },
      { de: 'Alles', en: 'Everything' },
    );
    expect(found).toHaveLength(3);
    expect(found[0]).toBe('Name: now “Alles / Everything” instead of “Teuer / Costly”');
    expect(found[1]).toContain(
      'now “This policy applies to requests for new VMs and requests to decommission',
    );
    expect(found[2]).toBe(
      'Name of the stage “Head”: now “Leitung / Head” instead of “Vorgesetzte / Manager”',
    );
  });

  it('say that deadlines may approve', () => {
    expect(changes({ ...COSTLY, allow_timeout_approval: true })).toHaveLength(1);
  });
});
