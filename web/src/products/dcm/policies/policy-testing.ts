import { createFormat } from '@/shell/i18n/format';
import type { Language } from '@/shell/i18n/language';
import { text as stages } from '../stages/text';
import type { PolicyDocument } from './document';
import type { Speech } from './sentence';
import { text } from './sentence-text';

/** Policy with a rule and two stages, as the guide has it. */
export const COSTLY: PolicyDocument = {
  applies_to: { kinds: ['vm.create'], when: { fact: 'monthly_cents', is: 'gt', value: 50_000 } },
  auto_approve: [
    { key: 'small', name: { de: 'Klein', en: 'Small' }, when: { fact: 'cpus', is: 'le', value: 2 } },
  ],
  stages: [
    {
      key: 'manager',
      name: { de: 'Vorgesetzte', en: 'Manager' },
      approvers: [{ manager_of: 'requester' }],
      needs: 'any',
    },
    {
      key: 'finance',
      name: { de: 'Finanzen', en: 'Finance' },
      after: ['manager'],
      when: {
        all: [
          { not: { fact: 'requester_groups', is: 'contains', value: 'platform' } },
          {
            any: [
              { fact: 'memory_gb', is: 'ge', value: 64 },
              { fact: 'offering', is: 'in', value: ['db', 'gpu'] },
            ],
          },
        ],
      },
      approvers: [{ group: 'finance' }, { actor: 'a-1' }],
      needs: { at_least: 2 },
      deadline: {
        hours: 16,
        remind_after: [8],
        escalate: [{ to: { permission: 'operate' }, hours: 8 }],
        finally: 'expire',
      },
    },
  ],
};

export function speechIn(language: Language): Speech {
  return {
    t: text[language],
    stages: stages[language],
    format: createFormat(language),
    language,
    names: {
      groups: new Map([['finance', 'Finance Office']]),
      offerings: new Map([['db', 'Database']]),
      people: new Map([['a-1', 'Anna Weber']]),
    },
  };
}
