/** Person whose session another tab has just begun; null: the session ended. */
type Message = { actor: string | null };

const NAME = 'eaf-person';

/** Undefined in old browsers, where a tab checks the session on focus and with its next request. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(NAME);

export function tellOtherTabs(actor: string | null): void {
  channel?.postMessage({ actor } satisfies Message);
}

/** Subscribes to messages of other tabs. A message may be late, so the listener asks the host. */
export function hearOtherTabs(listener: (actor: string | null) => void): () => void {
  const hear = ({ data }: MessageEvent) => listener((data as Message).actor);
  channel?.addEventListener('message', hear);
  return () => channel?.removeEventListener('message', hear);
}
