import type { Language } from '@/shell/i18n/language';
import type { Row } from '../api';
import type { PolicyDocument } from './document';
import { BLANK, type PolicyForm, toForm } from './policy-model';

/**
 * Draft of a policy as typed, under the member names of the command. The document is JSON of its
 * form, so that values compare as texts.
 */
export interface PolicyDraft {
  policy: string;
  name_de: string;
  name_en: string;
  document: string;
}

export const POLICY_FIELDS = ['policy', 'name_de', 'name_en', 'document'] as const;

export const BLANK_DRAFT: PolicyDraft = {
  policy: '',
  name_de: '',
  name_en: '',
  document: JSON.stringify(BLANK),
};

/** The draft of a policy, or else its published version. */
export function toDraft(row: Row<'policies'>, language: Language): PolicyDraft {
  const document = (row.draft ?? row.document) as PolicyDocument | null;
  return {
    policy: row.key,
    name_de: row.draft_name_de ?? row.name_de ?? '',
    name_en: row.draft_name_en ?? row.name_en ?? '',
    document: JSON.stringify(document ? toForm(document, language) : BLANK),
  };
}

export const parsed = (document: string): PolicyForm => JSON.parse(document) as PolicyForm;
