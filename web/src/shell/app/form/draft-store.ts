import type { Session } from '@/shell/api/session';
import { tabStorage } from '@/shell/api/tab-storage';

/** Values that a person typed and has not sent, by field. */
export interface Draft {
  /** Time of the last input. */
  at: string;
  values: Record<string, unknown>;
  /**
   * Stored values of these fields when they were typed; a difference means that another person
   * saved.
   */
  before: Record<string, unknown>;
}

const ALL = 'draft.';
const ownPrefix = ({ tenant, actor }: Session) => `${ALL}${tenant?.slug ?? ''}/${actor}/`;

/**
 * Storage key of a draft, per person and tenant, so that another person in this browser cannot read
 * it.
 */
export function draftKey(session: Session, name: string): string {
  return ownPrefix(session) + name;
}

export function readDraft(key: string): Draft | null {
  try {
    const { at, values, before } = JSON.parse(tabStorage.read(key) ?? 'null') as Draft;
    return { at, values: { ...values }, before: { ...before } };
  } catch {
    return null;
  }
}

export function writeDraft(key: string, draft: Draft | null): void {
  tabStorage.write(key, draft && JSON.stringify(draft));
}

/** Deletes drafts of all other people, or of all people without a session. */
export function forgetDraftsOfOthers(session: Session | null): void {
  for (const name of tabStorage.names(ALL)) {
    if (!session || !name.startsWith(ownPrefix(session))) tabStorage.write(name, null);
  }
}
