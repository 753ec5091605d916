import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import { cn } from '@/shell/ui/cn';
import type { Row } from '../api';
import { text } from './text';

const TONES: Record<string, Tone> = {
  active: 'good',
  decommissioning: 'busy',
  'decommission-failed': 'bad',
  decommissioned: 'idle',
};

export function VmStatus({ row }: { row: Pick<Row<'vms'>, 'status' | 'status_text'> }) {
  return <Badge tone={TONES[row.status ?? ''] ?? 'idle'}>{row.status_text}</Badge>;
}

/** State in vCenter that needs attention. */
export function VmState({ state }: { state: string | null }) {
  const words: Record<string, string> = useText(text).states;
  if (!state) return null;
  return <Badge tone={state === 'disconnected' ? 'wait' : 'bad'}>{words[state] ?? state}</Badge>;
}

const LIGHTS: Record<string, string> = { on: 'bg-good', suspended: 'bg-wait', missing: 'bg-bad' };

/** Power state as word and indicator; an old reading has no indicator. */
export function Power({ state, old = false }: { state: string | null; old?: boolean }) {
  const words: Record<string, string> = useText(text).powers;
  if (!state) return null;
  return (
    <span className={cn('inline-flex items-center gap-2', old && 'text-quiet')}>
      <span
        aria-hidden
        data-light
        className={cn(
          'size-2 shrink-0 rounded-full',
          (old ? undefined : LIGHTS[state]) ?? 'border-[1.5px] border-line-strong',
        )}
      />
      {words[state] ?? state}
    </span>
  );
}
