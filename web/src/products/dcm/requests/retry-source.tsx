import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { type Action, type Row, useRow } from '../api';
import { text } from './text';

/** Present offering if a retry would build from it; `null`: from the requested values. */
function useSource(request: Row<'requests'> | undefined): Row<'offerings'> | null {
  const key = request?.status === 'failed' ? (request.offering ?? '') : '';
  const offering = useRow('offerings', key, { enabled: key !== '', throwOnError: false }).data;
  return offering?.active ? offering : null;
}

/** Differences between a retry and the previous attempt, because the offering was changed. */
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

/** Actions of the request; a retry contains the position of the offering that was shown. */
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
