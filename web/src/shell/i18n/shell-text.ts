import { de } from './de';
import { en } from './en';
import { useText } from './use-text';

const shell = { en, de };

/** Texts of the shell. */
export function useShellText() {
  return useText(shell);
}
