const SPELLED: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
const MOST = 40;

/** Key that a name suggests: lower-case letters, digits and hyphens. */
export function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[äöüß]/gu, letter => SPELLED[letter] ?? '')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .slice(0, MOST)
    .replaceAll(/^-+|-+$/gu, '');
}
