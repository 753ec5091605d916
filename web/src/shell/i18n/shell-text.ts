import { de } from './de';
import { en } from './en';
import { useText } from './use-text';

const shell = { en, de };

/** The shared words. */
export function useShellText() {
  return useText(shell);
}
