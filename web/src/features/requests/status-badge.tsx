import type { Row } from '@/api/rows';
import { Badge, type Tone } from '@/ui/badge';

const TONES: Record<string, Tone> = {
  pending: 'wait',
  approved: 'busy',
  fulfilled: 'good',
  rejected: 'bad',
  failed: 'bad',
  withdrawn: 'idle',
  cancelling: 'busy',
  'cancel-failed': 'bad',
  cancelled: 'idle',
};

export function RequestStatus({ row }: { row: Pick<Row<'requests'>, 'status' | 'status_text'> }) {
  return <Badge tone={TONES[row.status ?? ''] ?? 'idle'}>{row.status_text}</Badge>;
}
