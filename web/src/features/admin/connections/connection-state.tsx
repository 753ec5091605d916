import { useText } from '@/i18n/use-text';
import { Badge, type Tone } from '@/ui/badge';
import { isCapability } from './connection-kinds';
import type { Connection } from './connections';
import { text } from './text';

export type State = 'missing' | 'untested' | 'good' | 'bad';

export function stateOf({ configured, last_check_at: at, last_error: error }: Connection): State {
  if (!configured) return 'missing';
  if (!at) return 'untested';
  return error ? 'bad' : 'good';
}

const TONES: Record<State, Tone> = { missing: 'wait', untested: 'idle', good: 'good', bad: 'bad' };

export function ConnectionBadge({ connection }: { connection: Connection }) {
  const t = useText(text);
  const state = stateOf(connection);
  return <Badge tone={TONES[state]}>{t.states[state]}</Badge>;
}

/** What kind of system it leads to, for people. */
export function useKindName(): (capability: string) => string {
  const t = useText(text);
  return capability => (isCapability(capability) ? t.kinds[capability] : capability);
}
