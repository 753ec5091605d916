import { holds } from '@/shell/features/search/words';

export interface Person {
  id: string;
  name: string;
}

/** Requesters whose names match the words. */
export function peopleIn(
  rows: readonly { requester_id: string | null; requester_name: string | null }[],
  words: readonly string[],
): Person[] {
  const found = new Map<string, Person>();
  for (const { requester_id: id, requester_name: name } of rows)
    if (id && name && words.length > 0 && holds(words, [name])) found.set(id, { id, name });
  return [...found.values()];
}
