import { readFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);

/**
 * Texts of a file of locales as the host reads it, by section and key, such as
 * `commands.approve-request`. Throws at a key that the file does not have.
 */
export function textsOf(path: string): (key: string) => string {
  const found = new Map<string, string>();
  let section = '';
  for (const line of readFileSync(new URL(path, root), 'utf8').split('\n')) {
    section = /^\[(.+)\]$/u.exec(line)?.[1] ?? section;
    const [, key, text] = /^([\w-]+) = (".*")$/u.exec(line) ?? [];
    if (key && text) found.set(section ? `${section}.${key}` : key, JSON.parse(text) as string);
  }
  return key => {
    const text = found.get(key);
    if (text === undefined) throw new Error(`${path} has no text ${key}`);
    return text;
  };
}
