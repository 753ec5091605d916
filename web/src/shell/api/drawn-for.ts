/**
 * Actor whose page this is; null until a session is known. Each request contains the actor, because
 * all tabs share one session, which may change to another person.
 */
let actor: string | null = null;

export const drawnFor = {
  get: () => actor,
  /** Whether the page belongs to this person: it belongs to the first one until it is left. */
  isFor(person: string): boolean {
    actor ??= person;
    return actor === person;
  },
  /** Resets the actor, for tests: in a browser the page is left instead. */
  forget() {
    actor = null;
  },
};
