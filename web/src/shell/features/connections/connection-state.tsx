import { hostNow } from '@/shell/api/host-clock';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import type { Connection } from './connections';
import { text } from './text';

/** `old`: the connection worked and was not used recently. */
export type State = 'missing' | 'untested' | 'good' | 'old' | 'bad';

/** Milliseconds after which a success is old, since password or certificate may have changed. */
const OLD = 24 * 60 * 60_000;

type Known = Pick<Connection, 'configured' | 'last_check_at' | 'last_error' | 'last_use_at' | 'use_error'>;

/** Time of the last test or use. */
export function triedAt({ last_check_at, last_use_at }: Known): string | null {
  if (!last_check_at || !last_use_at) return last_check_at ?? last_use_at;
  return Date.parse(last_check_at) > Date.parse(last_use_at) ? last_check_at : last_use_at;
}

/** State by tests and real calls. */
export function stateOf(connection: Known, now = hostNow()): State {
  if (!connection.configured) return 'missing';
  const at = triedAt(connection);
  if (!at) return 'untested';
  if (connection.use_error || connection.last_error) return 'bad';
  return now.getTime() - Date.parse(at) > OLD ? 'old' : 'good';
}

type Described = Known & Pick<Connection, 'last_error_text' | 'use_error_text'>;

/** Sentence about the failure; the newer one if test and use failed differently. */
export function connectionProblemOf(connection: Described): string | null {
  const used = connection.use_error_text ?? connection.use_error;
  const tested = connection.last_error_text ?? connection.last_error;
  return triedAt(connection) === connection.last_check_at ? (tested ?? used) : (used ?? tested);
}

const TONES: Record<State, Tone> = {
  missing: 'wait',
  untested: 'idle',
  good: 'good',
  old: 'idle',
  bad: 'bad',
};

export function ConnectionBadge({ connection }: { connection: Connection }) {
  const t = useText(text);
  const format = useFormat();
  const state = stateOf(connection);
  return (
    <Badge tone={TONES[state]}>
      {state === 'old' ? t.worked(format.ago(triedAt(connection))) : t.states[state]}
    </Badge>
  );
}
