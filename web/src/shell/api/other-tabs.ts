/** Who has just begun or ended a session in this browser; null: nobody is signed in any more. */
type Message = { actor: string | null };

const NAME = 'eaf-person';

/** Not everywhere; without it a tab finds out when it is looked at, and with its next request. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(NAME);

export function tellOtherTabs(actor: string | null): void {
  channel?.postMessage({ actor } satisfies Message);
}

/** What another tab says is a reason to ask the host, and no answer: it may be late. */
export function hearOtherTabs(listener: (actor: string | null) => void): () => void {
  const hear = ({ data }: MessageEvent) => listener((data as Message).actor);
  channel?.addEventListener('message', hear);
  return () => channel?.removeEventListener('message', hear);
}
