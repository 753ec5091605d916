import type { SavedDraft } from '@/shell/features/drafts/drafts';
import { ID } from '../api';
import type { RequestValues } from './request-values';

export const COMMAND = 'request-vm';

const TEXTS = ['name', 'offering', 'cpus', 'memory_gb', 'term_months', 'justification'] as const;

/** Drafts of requests for VMs. */
export function requestDrafts(drafts: readonly SavedDraft[]): SavedDraft[] {
  return drafts.filter(({ product, command }) => product === ID && command === COMMAND);
}

/** Values of a draft, without those of another form, such as that of a former release. */
export function valuesOfDraft(draft: SavedDraft | undefined): Partial<RequestValues> {
  const found: Record<string, unknown> = draft?.values ?? {};
  const values: Partial<RequestValues> = {};
  for (const member of TEXTS) {
    const value = found[member];
    if (typeof value === 'string') values[member] = value;
  }
  const more = found.more_names;
  if (Array.isArray(more)) values.more_names = more.filter(name => typeof name === 'string');
  return values;
}
