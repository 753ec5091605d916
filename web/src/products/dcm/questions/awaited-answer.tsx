import { MessageCircleQuestion } from 'lucide-react';
import { useSession } from '@/shell/api/session';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { ApprovalRow } from '../stages/approval';
import { text } from './text';
import { awaitedAnswer } from './thread';

interface AskedRow extends ApprovalRow {
  awaited: string | null;
  requester_id: string | null;
}

/** Sentences that say whose answer a request waits for, and that no deadline runs meanwhile. */
export function AwaitedAnswer({ row }: { row: AskedRow }) {
  const t = useText(text);
  const format = useFormat();
  const { actor } = useSession();
  const awaited = awaitedAnswer(row);
  if (!awaited) return null;
  const since = format.since(awaited.since);
  const name = row.requester_name;
  const waits =
    row.requester_id === actor ? t.awaitsYours(since) : name ? t.awaits(name, since) : t.awaitsSome(since);
  return (
    <p className="flex items-start gap-2 text-sm">
      <MessageCircleQuestion aria-hidden className="mt-0.5 size-4 shrink-0 text-wait" />
      <span className="min-w-0">
        <span className="font-medium">{waits}</span>{' '}
        <span className="text-quiet">
          <Standstill left={awaited.left} />
        </span>
      </span>
    </p>
  );
}

/** Sentence that says that the deadline stands still; `left` is its working time afterwards. */
export function Standstill({ left }: { left: number | null }) {
  const t = useText(text);
  const format = useFormat();
  return left === null ? t.stands : t.standsWith(format.duration(left));
}
