import type { Tone } from '@/shell/ui/badge';

/** Colour of the status of a policy or version. */
export function toneOf(status: string): Tone {
  if (status === 'published') return 'good';
  return status === 'draft' ? 'wait' : 'idle';
}
