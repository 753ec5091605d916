import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useLiveViews } from '@/shell/api/live-views';
import { firstRowsQuery, viewId } from '@/shell/api/rows';
import { may, useSession } from '@/shell/api/session';
import { type AnyRow, type Product, useProducts } from '@/shell/app/product';
import { useSettled } from '@/shell/app/use-settled';
import { foundId } from './score';
import { holds, wordsOf } from './words';

/** Number of rows shown per view; more input narrows the results. */
const MOST = 6;
/** Milliseconds without a key before the host is called. */
const PAUSE = 150;

export interface Found {
  /** Rows by view, for each product. */
  products: { product: Product; rows: Record<string, AnyRow[]> }[];
  words: string[];
  /** Value of the first entry; null if there is none. */
  first: string | null;
  /** Whether a view has more results than are shown. */
  more: boolean;
  state: 'found' | 'searching' | 'failed';
}

/** Results of the host in the views of all products that this person may read. */
export function useFound(typed: string): Found {
  const session = useSession();
  const products = useProducts();
  const words = wordsOf(typed);
  const asked = useSettled(words.join(' '), PAUSE);
  const readable = products.flatMap(product =>
    product.search.sources
      .filter(({ permissions }) => may(session, ...permissions))
      .map(source => ({ product, source, view: viewId(product.id, source.view) })),
  );
  const queries = useQueries({
    queries: readable.map(({ product, source }) => ({
      ...firstRowsQuery(product.id, source.view as never, { search: asked, limit: MOST }),
      enabled: asked.length > 1,
      throwOnError: false,
      placeholderData: keepPreviousData,
    })),
  });
  useLiveViews(readable.flatMap(({ view }, index) => (queries[index]?.isSuccess ? [view] : [])));

  const enough = words.join(' ').length > 1;
  const rowsOf = (index: number): AnyRow[] => {
    // Results of the previous search until the answer arrives.
    const rows = (enough ? (queries[index]?.data ?? []) : []) as readonly unknown[] as AnyRow[];
    return rows.filter(row => holds(words, readable[index]?.source.texts(row) ?? []));
  };
  const found = readable.map(({ product, source }, index) => ({
    product,
    view: source.view,
    rows: rowsOf(index),
  }));
  const pending = queries.some(
    ({ isFetching, isPlaceholderData, data }) => isFetching && (isPlaceholderData || data === undefined),
  );
  const first = found.find(({ rows }) => rows.length > 0);
  return {
    products: products.map(product => ({
      product,
      rows: Object.fromEntries(
        found.filter(one => one.product === product).map(({ view, rows }) => [view, rows]),
      ),
    })),
    words,
    first: first?.rows[0] ? foundId(first.product.id, first.view, first.rows[0].key) : null,
    more: found.some(({ rows }) => rows.length >= MOST),
    state:
      !enough || readable.length === 0 ? 'found' : stateOf(queries, pending || asked !== words.join(' ')),
  };
}

function stateOf(queries: readonly { isError: boolean }[], pending: boolean): Found['state'] {
  if (queries.some(query => query.isError)) return 'failed';
  return pending ? 'searching' : 'found';
}
