import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import type { RowColumn } from './column';
import { type ListSearch, ListPage } from './list-page';

interface Search extends ListSearch {
  open?: boolean | undefined;
}

const COLUMNS: RowColumn<{ name: string }>[] = [
  { id: 'name', header: 'Name', sort: 'name', width: 1, text: row => row.name, cell: row => row.name },
];

const changed = vi.fn<(changed: Partial<Search>) => void>();

function list(first: Search, names: string[]) {
  changed.mockReset();
  const Page = () => {
    const [search, setSearch] = useState(first);
    const data = names.map(name => ({ name }));
    return (
      <ListPage<{ name: string }, Search>
        title="Orders"
        lead="All orders."
        search={search}
        change={part => {
          changed(part);
          setSearch({ ...search, ...part });
        }}
        usualSort="name"
        isFiltered={search.open === true}
        unfiltered={{ open: undefined }}
        rows={{ data, error: null, isPending: false, refetch: () => undefined }}
        columns={COLUMNS}
        rowId={row => row.name}
        empty={<p>No orders yet.</p>}
      />
    );
  };
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(<RouterProvider router={router as never} />);
  return userEvent.setup();
}

const header = () => screen.findByRole('button', { name: /^Name/u });

it('omits the usual order from the address', async () => {
  const hand = list({}, ['web']);
  await hand.click(await header());
  expect(changed).toHaveBeenLastCalledWith({ sort: '-name' });
  await hand.click(await header());
  expect(changed).toHaveBeenLastCalledWith({ sort: undefined });
});

it('offers to clear text and filters if no row matches', async () => {
  const hand = list({ q: 'mail', open: true }, ['web']);
  await hand.click(await screen.findByText('Clear filters'));
  expect(changed).toHaveBeenLastCalledWith({ q: undefined, open: undefined });
  expect(await screen.findByText('web')).toBeTruthy();
});

it('of no rows shows the empty list, unless a filter is set', async () => {
  const hand = list({ open: true }, []);
  await hand.click(await screen.findByText('Clear filters'));
  expect(await screen.findByText('No orders yet.')).toBeTruthy();
});
