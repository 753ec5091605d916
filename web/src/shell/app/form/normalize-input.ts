const INVISIBLE = /[\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}]/gu;

/**
 * Normalizes a name, an address or a number to its visible characters, since text copied from chats
 * and documents contains invisible ones. Keeps line breaks. Never use this for a password.
 */
export function normalizeInput(typed: string): string {
  return typed
    .replaceAll(INVISIBLE, '')
    .replaceAll(/[^\S\r\n]/gu, ' ')
    .trim();
}
