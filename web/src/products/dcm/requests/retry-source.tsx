import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { type Action, type Row, useRow } from '../api';
import { text } from './text';

/** The offering as it is now, where a retry would build from it; null: from what was requested. */
function useSource(request: Row<'requests'> | undefined): Row<'offerings'> | null {
  const key = request?.status === 'failed' ? (request.offering ?? '') : '';
  const offering = useRow('offerings', key, { enabled: key !== '', throwOnError: false }).data;
  return offering?.active ? offering : null;
}

/** What a retry does in another way than the attempt before it, because the offering was changed. */
export function RetrySource({ request }: { request: Row<'requests'> }) {
  const t = useText(text).retry;
  const offering = useSource(request);
  if (!offering) return null;
  const copies = offering.template !== request.template;
  const waits = offering.await_address !== request.await_address;
  return (
    <>
      {copies ? <p>{t.template(offering.template ?? '', request.template ?? '')}</p> : null}
      {waits ? <p>{offering.await_address ? t.waits : t.doesNotWait}</p> : null}
    </>
  );
}

/** What may be done with it; a retry says what the person was shown that it would build. */
export function useActionsAsSeen(request: Row<'requests'> | undefined): Action[] {
  const offering = useSource(request);
  return useMemo(() => {
    const { template, await_address } = offering ?? request ?? {};
    const seen = { expected_template: template, expected_await_address: await_address };
    const asSeen = (action: Action): Action => ({ ...action, body: { ...action.body, ...seen } });
    const actions = request?.actions ?? [];
    return actions.map(action => (action.command === 'retry-request' ? asSeen(action) : action));
  }, [request, offering]);
}
