const PREFIX = 'eaf.';

/** What this tab keeps across reloads. Storage may be switched off or full; then nothing is kept, and nothing breaks. */
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
      // Then it holds until the page is left.
    }
  },
  /** The names that begin like this. */
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
