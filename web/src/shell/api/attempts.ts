import { drawnFor } from './drawn-for';
import { randomId } from './random-id';
import { tabStorage } from './tab-storage';

const ALL = 'attempt.';
const ownPrefix = (actor: string | null) => `${ALL}${actor ?? ''}/`;

/**
 * Idempotency keys, one per attempt.
 *
 * While the outcome is unknown, sending the same body again repeats the attempt, also after a
 * reload, so that a lost answer never acts twice. A decided attempt is over, also after a
 * rejection, since the host would repeat its answer for the key.
 */
export class Attempts {
  constructor(private readonly command: string) {}

  /** Returns a key for this body, and the function that ends the attempt. */
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

  /** Fallback without storage, until the page is left. */
  private readonly unkept = new Map<string, string>();
}

/**
 * Deletes attempts of all other people, so that the next person in this browser cannot read them.
 */
export function forgetAttemptsOfOthers(actor: string): void {
  for (const name of tabStorage.names(ALL))
    if (!name.startsWith(ownPrefix(actor))) tabStorage.write(name, null);
}
