import { describe, expect, it } from 'vitest';
import { COSTLY, speechIn } from './policy-testing';
import { BLANK, toDocument } from './policy-model';
import { sentencesOf } from './sentence';

/** Sentences with ordinary spaces: amounts have narrow ones. */
const said = (sentences: string[]) => sentences.map(one => one.replaceAll(/\s/gu, ' '));

describe('the sentences of a policy', () => {
  it('say scope, rules and stages in English', () => {
    expect(said(sentencesOf(COSTLY, speechIn('en')))).toEqual([
      'This policy applies to requests for new VMs if the cost per month is more than €500.00.',
      'A request is approved automatically by the rule “Small” if the number of CPUs is at most 2.',
      'The stage “Manager” opens at once. Asked: the manager of the requester; one approval is enough.',
      'The stage “Finance” opens after “Manager”. ' +
        'It is needed only if it is not true that the requester belongs to the group platform and ' +
        '(the memory is at least 64 GB or the offering is Database or gpu). ' +
        'Asked: the group Finance Office and Anna Weber; at least 2 must approve. ' +
        'The deadline is 16 business hours. Reminders are sent after 8 business hours. ' +
        'Then also asked, for 8 business hours: the administrators. At the end the request expires.',
    ]);
  });

  it('say the same in German', () => {
    const [scope, rule, manager, finance] = said(sentencesOf(COSTLY, speechIn('de')));
    expect(scope).toBe(
      'Diese Richtlinie gilt für Anträge auf neue VMs, wenn die Kosten pro Monat mehr als 500,00 € betragen.',
    );
    expect(rule).toContain('nach der Regel „Klein“ automatisch freigegeben');
    expect(manager).toContain('die Führungskraft der Person, die den Antrag stellt; eine Zustimmung genügt.');
    expect(finance).toContain('Die Stufe „Finanzen“ beginnt nach „Vorgesetzte“.');
    expect(finance).toContain('mindestens 2 müssen zustimmen');
    expect(finance).toContain('Am Ende verfällt der Antrag.');
  });

  it('follow unfinished input', () => {
    const unfinished = toDocument(
      {
        ...BLANK,
        when: { type: 'all', parts: [{ type: 'comparison', fact: 'monthly_cents', is: 'gt', value: '' }] },
      },
      'en',
    ).document;
    expect(sentencesOf(unfinished, speechIn('en'))).toEqual([
      'This policy applies to requests for new VMs if the cost per month is more than ….',
      'It has no stage and no automatic rule yet.',
    ]);
  });
});
