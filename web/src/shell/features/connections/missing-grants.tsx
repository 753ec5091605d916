import { queryOptions, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { text } from './text';

/** Polling interval in milliseconds, since grants have no live updates. */
const LOOK = 60_000;

const productsQuery = queryOptions({
  queryKey: ['host', 'products'],
  refetchInterval: LOOK,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/products', { signal })),
});

/** Lists products that lack a required grant: their calls fail until an operator grants it. */
export function MissingGrants() {
  const t = useText(text);
  const { data } = useQuery(productsQuery);
  const lacking = (data?.items ?? [])
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, requests }) =>
      requests
        .filter(({ state, optional }) => state !== 'granted' && !optional)
        .map(({ capability, grant, state }) => ({ name, of: `${capability} ${grant}`, state })),
    );
  return (
    <div role="status" className="mb-4 empty:hidden">
      {lacking.length > 0 ? (
        <Alert tone="bad" title={t.grants.title}>
          <ul className="list-disc pl-5">
            {lacking.map(({ name, of, state }) => (
              <li key={`${name} ${of}`}>
                {state === 'expired' ? t.grants.expired(name, of) : t.grants.missing(name, of)}
              </li>
            ))}
          </ul>
          <p>{t.grants.lead}</p>
        </Alert>
      ) : null}
    </div>
  );
}
