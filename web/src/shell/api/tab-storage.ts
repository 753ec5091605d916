const PREFIX = 'eaf.';

/** Storage of this tab across reloads. Does nothing where storage is disabled or full. */
export const tabStorage = {
  read(name: string): string | null {
    try {
      return sessionStorage.getItem(PREFIX + name);
    } catch {
      return null;
    }
  },
  write(name: string, value: string | null): void {
    try {
      if (value === null) sessionStorage.removeItem(PREFIX + name);
      else sessionStorage.setItem(PREFIX + name, value);
    } catch {
      // The value holds until the page is left.
    }
  },
  /** Names with this prefix. */
  names(beginning: string): string[] {
    try {
      return Object.keys(sessionStorage)
        .filter(name => name.startsWith(PREFIX + beginning))
        .map(name => name.slice(PREFIX.length));
    } catch {
      return [];
    }
  },
};
