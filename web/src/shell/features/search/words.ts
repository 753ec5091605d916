/** The most that the host takes. */
const WORDS = 8;
const LENGTH = 100;

/** Words as the host reads them: by spaces, capitals and the way an umlaut is written do not count. */
export function wordsOf(typed: string): string[] {
  const folded = typed.slice(0, LENGTH).normalize().toLowerCase();
  return folded
    .split(/\s+/)
    .filter(word => word !== '')
    .slice(0, WORDS);
}

/** Whether each word stands in one of the texts. */
export function holds(words: readonly string[], texts: readonly (string | null | undefined)[]): boolean {
  const folded = texts.map(text => (text ?? '').normalize().toLowerCase());
  return words.every(word => folded.some(text => text.includes(word)));
}
