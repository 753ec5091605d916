import { useQuery } from '@tanstack/react-query';
import { type Choice, type Choices, type LoadChoices, like } from './choices';
import { useSettled } from '@/shell/app/use-settled';

const PAUSE = 300;

export interface Choosing {
  answer: Choices | undefined;
  items: Choice[];
  pending: boolean;
  error: unknown;
  retry: () => void;
}

/**
 * Choices, requested once per `id`; a search sends another request only if the list was truncated.
 *
 * `id` identifies one opening of the list: the request may contain a draft with a password, which
 * must not be part of a query key.
 */
export function useChoices(id: string, load: LoadChoices, search: string): Choosing {
  const settled = useSettled(search.trim(), PAUSE);
  const all = useQuery(query(id, '', load));
  const isAsked = all.data?.more === true && settled !== '';
  const found = useQuery({ ...query(id, settled, load), enabled: isAsked });
  const { data, error, isPending, refetch } = isAsked ? found : all;
  return {
    answer: data,
    // Results of the previous search until the answer arrives.
    items: like(data?.items ?? [], search),
    pending: isPending || (isAsked && settled !== search.trim()),
    error,
    retry: () => void refetch(),
  };
}

const query = (id: string, search: string, load: LoadChoices) => ({
  queryKey: ['choices', id, search],
  queryFn: ({ signal }: { signal: AbortSignal }) => load(search, signal),
  // Each request causes one to another system.
  retry: false,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  staleTime: Infinity,
  gcTime: 0,
  throwOnError: false,
});
