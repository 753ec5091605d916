const INVISIBLE = /[\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}]/gu;

/**
 * A name, an address or a number as a person sees it: copies out of chats, tables and documents bring spaces and
 * characters that nobody can see. Lines stay lines. Never for a password.
 */
export function asSeen(typed: string): string {
  return typed
    .replaceAll(INVISIBLE, '')
    .replaceAll(/[^\S\r\n]/gu, ' ')
    .trim();
}
