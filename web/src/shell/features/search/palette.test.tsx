import { QueryClientProvider } from '@tanstack/react-query';
import {
  RouterProvider,
  createMemoryHistory,
  createRootRoute,
  createRouter,
  useNavigate,
} from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Bike } from 'lucide-react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SHOP } from '@/shell/api/product-testing';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import { type PageCommand, usePageCommands } from '@/shell/app/layout/page-commands';
import { paletteText } from '@/shell/app/layout/palette-open';
import { type FoundProps, type Product, ProductsContext, asLink } from '@/shell/app/product';
import { FoundThing } from './found-thing';
import { Palette } from './palette';
import { text } from './text';

const session = { kind: 'member', actor: 'a', permissions: ['shop.buy'] } as unknown as Session;

function FoundInShop({ rows, choose }: FoundProps) {
  const navigate = useNavigate();
  return ['bikes', 'orders'].flatMap(view =>
    (rows[view] ?? []).map(({ key, ...row }) => (
      <FoundThing
        key={key}
        product={SHOP}
        view={view}
        id={key}
        Icon={Bike}
        name={String(row['name'])}
        onSelect={choose(() => void navigate(asLink({ to: `/${view}/${key}` })))}
      />
    )),
  );
}

const shop = {
  id: SHOP,
  nav: {
    work: [{ to: '/bikes', label: { en: 'Bikes', de: 'Räder' }, Icon: Bike, permissions: ['shop.buy'] }],
    administration: [],
  },
  search: {
    sources: [
      { view: 'bikes', permissions: ['shop.buy'], texts: row => [String(row['name'])] },
      { view: 'orders', permissions: ['shop.buy'], texts: row => [String(row['name'])] },
      { view: 'prices', permissions: ['shop.sell'], texts: () => [] },
    ],
    Found: FoundInShop,
  },
} as Partial<Product> as Product;

let answer: (view: string) => Promise<Response>;
const asked: string[] = [];
const rows = (...items: { key: string; name: string }[]) => Response.json({ items, next: null });
const found = (view: string) =>
  Promise.resolve(view === 'bikes' ? rows({ key: 'b1', name: 'Blue bike' }) : rows());
const confirm = vi.fn<() => void>();
const commands: PageCommand[] = [{ label: 'Confirm: Blue bike', run: confirm }];

function Page() {
  usePageCommands(commands);
  return <Palette />;
}

function open() {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={session}>
      <ProductsContext value={[shop]}>
        <QueryClientProvider client={createQueryClient()}>
          <RouterProvider router={router as never} />
        </QueryClientProvider>
      </ProductsContext>
    </SessionContext>,
  );
  return router;
}

beforeEach(() => {
  paletteText.set('');
  confirm.mockClear();
  asked.length = 0;
  answer = found;
  vi.stubGlobal('fetch', (request: Request) => {
    const view = new URL(request.url).pathname.split('/').at(-1) ?? '';
    asked.push(view);
    return answer(view);
  });
});
afterEach(() => vi.unstubAllGlobals());

const option = (name: RegExp) => screen.findByRole('option', { name });
/** Types without time between the keys, so that the palette searches once, for all words. */
const typed = async (words: string) => {
  const hand = userEvent.setup({ delay: null });
  await hand.type(await screen.findByRole('combobox'), words);
  return hand;
};

it('Enter opens a result and gives no command with the same words', async () => {
  const answerAll: (() => void)[] = [];
  answer = view => new Promise(resolve => answerAll.push(() => resolve(found(view))));
  const router = open();
  const hand = await typed('blue bike');
  await option(/Confirm: Blue bike/);
  await hand.keyboard('{Enter}');
  expect(confirm).not.toHaveBeenCalled();
  expect(router.state.location.pathname).toBe('/');
  await waitFor(() => expect(answerAll).toHaveLength(2));
  for (const resolve of answerAll) resolve();
  await waitFor(async () => expect((await option(/^Blue bike/)).dataset['selected']).toBe('true'));
  await hand.keyboard('{Enter}');
  await waitFor(() => expect(router.state.location.pathname).toBe('/bikes/b1'));
  expect(confirm).not.toHaveBeenCalled();
});

it('selects the first of all that was found, also when another view answered before', async () => {
  const answerBikes: ((response: Response) => void)[] = [];
  answer = view =>
    view === 'bikes'
      ? new Promise(resolve => answerBikes.push(resolve))
      : Promise.resolve(rows({ key: 'o1', name: 'Order of a blue bike' }));
  const router = open();
  const hand = await typed('blue bike');
  await waitFor(async () => expect((await option(/^Order/)).dataset['selected']).toBe('true'));
  for (const resolve of answerBikes) resolve(rows({ key: 'b1', name: 'Blue bike' }));
  await waitFor(async () => expect((await option(/^Blue bike/)).dataset['selected']).toBe('true'));
  await hand.keyboard('{Enter}');
  await waitFor(() => expect(router.state.location.pathname).toBe('/bikes/b1'));
});

it('keeps the selection of a person when more results arrive', async () => {
  const answerBikes: ((response: Response) => void)[] = [];
  answer = view =>
    view === 'bikes'
      ? new Promise(resolve => answerBikes.push(resolve))
      : Promise.resolve(
          rows({ key: 'o1', name: 'First blue bike' }, { key: 'o2', name: 'Second blue bike' }),
        );
  const router = open();
  const hand = await typed('blue bike');
  await waitFor(async () => expect((await option(/^First/)).dataset['selected']).toBe('true'));
  await hand.keyboard('{ArrowDown}');
  for (const resolve of answerBikes) resolve(rows({ key: 'b1', name: 'Blue bike' }));
  await option(/^Blue bike/);
  await hand.keyboard('{Enter}');
  await waitFor(() => expect(router.state.location.pathname).toBe('/orders/o2'));
});

it('requests only views that this person may read', async () => {
  open();
  await typed('blue bike');
  await option(/^Blue bike/);
  expect(new Set(asked)).toEqual(new Set(['bikes', 'orders']));
});

it('shows that it searches, and that it failed, also if a page matches', async () => {
  const refuse: ((cause: TypeError) => void)[] = [];
  answer = () => new Promise((_, no) => refuse.push(no));
  open();
  await typed('bi');
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe(text.en.searching));
  await option(/^Bikes/);
  answer = () => Promise.reject(new TypeError('no network'));
  for (const no of refuse) no(new TypeError('no network'));
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe(text.en.failed), {
    timeout: 10_000,
  });
}, 15_000);
