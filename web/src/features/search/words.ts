/** The most that the host takes. */
const WORDS = 8;
const LENGTH = 100;

export interface Person {
  id: string;
  name: string;
}

/** Words as the host reads them: by spaces, capitals and the way an umlaut is written do not count. */
export function wordsOf(typed: string): string[] {
  const folded = typed.slice(0, LENGTH).normalize().toLowerCase();
  return folded
    .split(/\s+/)
    .filter(word => word !== '')
    .slice(0, WORDS);
}

/** Whether each word stands in one of the texts. */
export function holds(words: string[], texts: (string | null | undefined)[]): boolean {
  const folded = texts.map(text => (text ?? '').normalize().toLowerCase());
  return words.every(word => folded.some(text => text.includes(word)));
}

/** Who is meant by the words, of those who asked for these things. */
export function peopleIn(
  rows: { requester_id: string | null; requester_name: string | null }[],
  words: string[],
): Person[] {
  const found = new Map<string, Person>();
  for (const { requester_id: id, requester_name: name } of rows)
    if (id && name && words.length > 0 && holds(words, [name])) found.set(id, { id, name });
  return [...found.values()];
}
