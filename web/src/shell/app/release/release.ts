import { tabStorage } from '@/shell/api/tab-storage';

/** The script that a page begins with has another name in each release. */
const ENTRY = /<script[^>]+type="module"[^>]+src="([^"]+)"/u;

function ownEntry(): string {
  return document.querySelector('script[type="module"][src]')?.getAttribute('src') ?? '';
}

/** Whether the host serves another release than the one that this document came from. */
export async function isReplaced(): Promise<boolean> {
  try {
    const answer = await fetch('/', { headers: { Accept: 'text/html' }, redirect: 'manual' });
    const entry = answer.ok ? ENTRY.exec(await answer.text())?.[1] : undefined;
    return entry !== undefined && ownEntry() !== '' && entry !== ownEntry();
  } catch {
    return false;
  }
}

const LAST_RELOAD = 'reloaded';

/** Loads the document again, once in each release: what a reload does not repair is not tried for ever. */
export function reloadOnce(entry = ownEntry(), reload = () => window.location.reload()): boolean {
  if (tabStorage.read(LAST_RELOAD) === entry) return false;
  tabStorage.write(LAST_RELOAD, entry);
  // Without storage nobody would know that it was tried.
  if (tabStorage.read(LAST_RELOAD) !== entry) return false;
  reload();
  return true;
}
