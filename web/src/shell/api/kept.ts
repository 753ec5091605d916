/** What this browser keeps for its person. Storage may be switched off; then nothing is kept, and nothing breaks. */
export const kept = {
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
      // Then it holds for this visit.
    }
  },
};
