/** Text of a code; a code newer than this page is shown itself. */
export function textOfCode(words: Record<string, string>, code: string | null | undefined): string {
  return code ? (words[code] ?? code) : '';
}
