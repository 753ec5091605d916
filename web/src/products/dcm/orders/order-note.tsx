import { openDialog } from '@/shell/app/actions/open-dialogs';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import type { Row } from '../api';
import { DecideDialog } from './decide-dialog';
import { canDecide } from '../decide-several/decisions';
import { text } from './text';

/** Line that a request belongs to an order, and the way to decide on several of its machines. */
export function OrderNote({ approval }: { approval: Row<'approvals'> }) {
  const t = useText(text);
  const format = useFormat();
  const { order_id, order_line, order_lines } = approval;
  if (!order_id || !order_line || !order_lines) return null;
  const decide = () =>
    openDialog(({ close }) => (
      <DecideDialog orderId={order_id} requester={approval.requester_name} close={close} />
    ));
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2 text-sm">
      <p className="text-quiet">{t.note(format.number(order_line), format.number(order_lines))}</p>
      {canDecide(approval) ? (
        <Button size="small" onClick={decide}>
          {t.decide}
        </Button>
      ) : null}
    </div>
  );
}
