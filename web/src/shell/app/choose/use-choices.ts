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
 * All that there is, when `id` is new; a search asks again only where there is more than was sent. `id` is one opening of
 * the list: what is asked with may be a draft with a password, which belongs into no key.
 */
export function useChoices(id: string, load: LoadChoices, search: string): Choosing {
  const settled = useSettled(search.trim(), PAUSE);
  const all = useQuery(query(id, '', load));
  const isAsked = all.data?.more === true && settled !== '';
  const found = useQuery({ ...query(id, settled, load), enabled: isAsked });
  const { data, error, isPending, refetch } = isAsked ? found : all;
  return {
    answer: data,
    // Until the answer is there, what was found before by fewer letters.
    items: like(data?.items ?? [], search),
    pending: isPending || (isAsked && settled !== search.trim()),
    error,
    retry: () => void refetch(),
  };
}

const query = (id: string, search: string, load: LoadChoices) => ({
  queryKey: ['choices', id, search],
  queryFn: ({ signal }: { signal: AbortSignal }) => load(search, signal),
  // Each asks another system.
  retry: false,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  staleTime: Infinity,
  gcTime: 0,
  throwOnError: false,
});
