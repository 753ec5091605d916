/** Person to choose. */
export interface Found {
  actor: string;
  name: string;
  /** Tells people of one name apart, such as a mail address. */
  detail?: string;
}

/** Look-up of people. */
export interface PeopleSource {
  /** Part of the query key. */
  name: string;
  /** Whether the host answers a search without a word of two characters. */
  listsAll: boolean;
  find: (search: string, signal: AbortSignal) => Promise<{ items: Found[]; more: boolean }>;
}

const LEAST = 2;

/** Whether the source answers this search. */
export function isAnswered(source: PeopleSource, search: string): boolean {
  return source.listsAll || search.split(/\s+/u).some(word => [...word].length >= LEAST);
}

/** Whether two of the people cannot be told apart. */
export function hasDoubles(people: readonly Found[]): boolean {
  return new Set(people.map(({ name, detail }) => `${name}\n${detail ?? ''}`)).size < people.length;
}
