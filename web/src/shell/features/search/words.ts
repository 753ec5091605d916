/** Maximum number of words that the host accepts. */
const WORDS = 8;
const LENGTH = 100;

/** Words as the host splits them: by spaces, without case, with umlauts normalised. */
export function wordsOf(typed: string): string[] {
  const folded = typed.slice(0, LENGTH).normalize().toLowerCase();
  return folded
    .split(/\s+/)
    .filter(word => word !== '')
    .slice(0, WORDS);
}

/** Whether each word occurs in one of the texts. */
export function holds(words: readonly string[], texts: readonly (string | null | undefined)[]): boolean {
  const folded = texts.map(text => (text ?? '').normalize().toLowerCase());
  return words.every(word => folded.some(text => text.includes(word)));
}
