/**
 * The actor for whom this page was drawn; null before anybody is known. Each request says it, because all tabs of a
 * browser have one session, and it may have become somebody else's.
 */
let actor: string | null = null;

export const drawnFor = {
  get: () => actor,
  /** Whether the page is this person's. It belongs to the first one who is signed in, for as long as it is there. */
  isFor(person: string): boolean {
    actor ??= person;
    return actor === person;
  },
  /** For tests: in a browser a page is left for the next person's. */
  forget() {
    actor = null;
  },
};
