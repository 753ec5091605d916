import type { Session } from '@/shell/api/session';
import { tabStorage } from '@/shell/api/tab-storage';

/** Values that a person typed and has not sent, by field. */
export interface StoredInput {
  /** Time of the last input. */
  at: string;
  values: Record<string, unknown>;
  /**
   * Stored values of these fields when they were typed; a difference means that another person
   * saved.
   */
  before: Record<string, unknown>;
}

const ALL = 'unsent.';
const ownPrefix = ({ tenant, actor }: Session) => `${ALL}${tenant?.slug ?? ''}/${actor}/`;

/**
 * Storage key of a form's input, per person and tenant, so that another person in this browser
 * cannot read it.
 */
export function inputKey(session: Session, name: string): string {
  return ownPrefix(session) + name;
}

export function readInput(key: string): StoredInput | null {
  try {
    const { at, values, before } = JSON.parse(tabStorage.read(key) ?? 'null') as StoredInput;
    return { at, values: { ...values }, before: { ...before } };
  } catch {
    return null;
  }
}

export function writeInput(key: string, input: StoredInput | null): void {
  tabStorage.write(key, input && JSON.stringify(input));
}

/** Deletes input of all other people, or of all people without a session. */
export function forgetInputOfOthers(session: Session | null): void {
  for (const name of tabStorage.names(ALL)) {
    if (!session || !name.startsWith(ownPrefix(session))) tabStorage.write(name, null);
  }
}
