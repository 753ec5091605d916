import { Badge, type Tone } from '@/shell/ui/badge';
import type { Row } from '../api';

const TONES: Record<string, Tone> = {
  pending: 'wait',
  approved: 'busy',
  fulfilled: 'good',
  rejected: 'bad',
  failed: 'bad',
  expired: 'bad',
  withdrawn: 'idle',
  cancelling: 'busy',
  'cancel-failed': 'bad',
  cancelled: 'idle',
};

type Standing = Pick<Row<'requests'>, 'status' | 'status_text'> &
  Partial<Pick<Row<'requests'>, 'decommissioned_at'>>;

/** Neutral instead of green for a fulfilled request whose VM is gone. */
export function RequestStatus({ row }: { row: Standing }) {
  const tone = row.decommissioned_at ? 'idle' : (TONES[row.status ?? ''] ?? 'idle');
  return <Badge tone={tone}>{row.status_text}</Badge>;
}
