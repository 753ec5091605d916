import { tabStorage } from '@/shell/api/tab-storage';

/** Entry script of the page, whose name differs by release. */
const ENTRY = /<script[^>]+type="module"[^>]+src="([^"]+)"/u;

function ownEntry(): string {
  return document.querySelector('script[type="module"][src]')?.getAttribute('src') ?? '';
}

/** Whether the host serves another release than this document's. */
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

/**
 * Reloads the document at most once per release, because a failure that a reload does not repair
 * would loop.
 */
export function reloadOnce(entry = ownEntry(), reload = () => window.location.reload()): boolean {
  if (tabStorage.read(LAST_RELOAD) === entry) return false;
  tabStorage.write(LAST_RELOAD, entry);
  // Without storage the attempt could not be recorded.
  if (tabStorage.read(LAST_RELOAD) !== entry) return false;
  reload();
  return true;
}
