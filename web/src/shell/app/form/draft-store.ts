import type { Session } from '@/shell/api/session';
import { tabStorage } from '@/shell/api/tab-storage';

/** What somebody typed and has not sent, field by field. */
export interface Draft {
  /** When it was typed last. */
  at: string;
  values: Record<string, unknown>;
  /** What stood in these fields before: where that is something else now, another person was faster. */
  before: Record<string, unknown>;
}

const ALL = 'draft.';
const ownPrefix = ({ tenant, actor }: Session) => `${ALL}${tenant?.slug ?? ''}/${actor}/`;

/** A draft belongs to one person in one tenant: the next one in this browser does not read it. */
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

/** Of everybody else; of everybody, where nobody is signed in. */
export function forgetDraftsOfOthers(session: Session | null): void {
  for (const name of tabStorage.names(ALL)) {
    if (!session || !name.startsWith(ownPrefix(session))) tabStorage.write(name, null);
  }
}
