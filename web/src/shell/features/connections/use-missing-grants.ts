import { queryOptions, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';

/** Polling interval in milliseconds, since grants have no live updates. */
const EVERY = 60_000;

const productsQuery = queryOptions({
  queryKey: ['host', 'products'],
  refetchInterval: EVERY,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/products', { signal })),
});

export interface MissingGrant {
  /** Name of the product. */
  name: string;
  /** Capability and name of the grant, such as `mail mail`. */
  of: string;
  sentence: string;
}

/** Required grants that an enabled product lacks: its calls fail until an operator grants them. */
export function useMissingGrants() {
  const t = useText(text).grants;
  const { data, ...rest } = useQuery(productsQuery);
  const missing = data?.items
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, requests }) =>
      requests
        .filter(({ state, optional }) => state !== 'granted' && !optional)
        .map(({ capability, grant, state }): MissingGrant => {
          const of = `${capability} ${grant}`;
          return { name, of, sentence: state === 'expired' ? t.expired(name, of) : t.missing(name, of) };
        }),
    );
  return { data: missing, ...rest };
}
