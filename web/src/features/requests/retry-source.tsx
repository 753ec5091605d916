import { type Row, useRow } from '@/api/rows';
import { useText } from '@/i18n/use-text';
import { text } from './text';

/** What a retry does in another way than the attempt before it, because the offering was changed. */
export function RetrySource({ request }: { request: Row<'requests'> }) {
  const t = useText(text).retry;
  const key = request.offering ?? '';
  const offering = useRow('offerings', key, { enabled: key !== '', throwOnError: false }).data;
  if (!offering?.active) return null;
  const copies = offering.template !== request.template;
  const waits = offering.await_address !== request.await_address;
  return (
    <>
      {copies ? <p>{t.template(offering.template ?? '', request.template ?? '')}</p> : null}
      {waits ? <p>{offering.await_address ? t.waits : t.doesNotWait}</p> : null}
    </>
  );
}
