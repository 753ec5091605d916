import { randomId } from './random-id';

/**
 * One Idempotency-Key for one attempt. While its outcome is unknown, sending the same body again is the same attempt, so
 * that a lost answer never makes a second machine. A decided attempt is over, also when the answer was no: the host would
 * answer its key with that no for ever.
 */
export class Attempts {
  private open: { body: string; key: string } | null = null;

  keyFor(body: unknown): string {
    const text = JSON.stringify(body);
    if (this.open?.body !== text) this.open = { body: text, key: randomId() };
    return this.open.key;
  }

  decided(): void {
    this.open = null;
  }
}
