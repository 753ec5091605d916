import { useText } from '@/shell/i18n/use-text';
import { useAllRows } from '../api';
import { DecideSeveral } from '../decide-several/decide-several';
import { useDecideAll } from '../decide-several/use-decide-all';
import { byLine } from './by-line';
import { text } from './text';

interface DecideDialogProps {
  orderId: string;
  requester: string | null;
  close: () => void;
}

/** Decision on several machines of an order. */
export function DecideDialog({ orderId, requester, close }: DecideDialogProps) {
  const t = useText(text);
  const { data } = useAllRows('approvals', { order_id: orderId, limit: 100 });
  return (
    <DecideSeveral
      title={t.decideTitle(requester || t.somebody)}
      label={t.title}
      rows={data && byLine(data)}
      decisions={useDecideAll()}
      close={close}
    />
  );
}
