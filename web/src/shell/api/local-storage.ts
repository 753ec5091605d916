/** Persistent storage of this browser. Does nothing where storage is disabled. */
export const browserStorage = {
  read(name: string): string | null {
    try {
      return localStorage.getItem(`eaf.${name}`);
    } catch {
      return null;
    }
  },
  write(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`eaf.${name}`);
      else localStorage.setItem(`eaf.${name}`, value);
    } catch {
      // The value holds for this visit only.
    }
  },
};
