import { drawnFor } from './drawn-for';
import { randomId } from './random-id';
import { tabStorage } from './tab-storage';

const ALL = 'attempt.';
const ownPrefix = (actor: string | null) => `${ALL}${actor ?? ''}/`;

/**
 * One Idempotency-Key for one attempt. While its outcome is unknown, sending the same body again is the same attempt, also
 * after a reload, so that a lost answer never makes a second thing. A decided attempt is over, also when the answer was
 * no: the host would answer its key with that no for ever.
 */
export class Attempts {
  constructor(private readonly command: string) {}

  /** A key for this body, and what says that it was decided. */
  begin(body: unknown): { key: string; decided: () => void } {
    const name = `${ownPrefix(drawnFor.get())}${this.command}/${JSON.stringify(body)}`;
    const key = tabStorage.read(name) ?? this.unkept.get(name) ?? randomId();
    tabStorage.write(name, key);
    this.unkept.set(name, key);
    const decided = () => {
      tabStorage.write(name, null);
      this.unkept.delete(name);
    };
    return { key, decided };
  }

  /** Where the browser keeps nothing, it holds until the page is left. */
  private readonly unkept = new Map<string, string>();
}

/** Of everybody but this person: nobody reads what another one has sent. */
export function forgetAttemptsOfOthers(actor: string): void {
  for (const name of tabStorage.names(ALL))
    if (!name.startsWith(ownPrefix(actor))) tabStorage.write(name, null);
}
