/** A code that is newer than this page is shown as it is. */
export function said(words: Record<string, string>, code: string | null | undefined): string {
  return code ? (words[code] ?? code) : '';
}
