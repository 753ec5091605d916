import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it } from 'vitest';
import { type Session, SessionContext } from '@/shell/api/session';
import { RowList } from '@/shell/app/list/row-list';
import type { Row } from '../api';
import { useRequestColumns } from './request-columns';

afterEach(cleanup);

const request = (key: string, status: string, more: Partial<Row<'requests'>> = {}) =>
  ({
    key,
    vm_name: key,
    status,
    status_text: status,
    terminal: true,
    kind: 'vm',
    requester_id: 'lena',
    offering: 'small',
    waiting_on: null,
    ...more,
  }) as unknown as Row<'requests'>;

function List({ rows }: { rows: Row<'requests'>[] }) {
  return (
    <RowList
      label="Requests"
      rows={{ data: rows, error: null, isPending: false, refetch: () => undefined }}
      columns={useRequestColumns(false)}
      rowId={row => row.key}
      link={row => ({ to: '/requests/$id', params: { id: row.key } })}
      filtered={false}
      empty={null}
    />
  );
}

async function list(...rows: Row<'requests'>[]) {
  const Page = () => (
    <SessionContext value={{ actor: 'lena', permissions: [] } as unknown as Session}>
      <List rows={rows} />
    </SessionContext>
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(<RouterProvider router={router as never} />);
  await screen.findByRole('link', { name: rows[0]?.key ?? '' });
}

it('a row that ended without a machine leads to a new request, also by the keyboard', async () => {
  await list(request('web-01', 'expired'));
  const again = screen.getByRole('link', { name: 'Request again: web-01' });
  expect(again.getAttribute('href')).toBe('/catalogue/small?from=web-01');
  const hand = userEvent.setup();
  screen.getByRole('link', { name: 'web-01' }).focus();
  await hand.tab();
  expect(document.activeElement).toBe(again);
});

it.each([
  ['was fulfilled', request('web-01', 'fulfilled')],
  ['is open', request('web-01', 'failed', { terminal: false })],
  ['asks for the end of a machine', request('web-01', 'rejected', { kind: 'vm.decommission' })],
  ['is of another person', request('web-01', 'rejected', { requester_id: 'paul' })],
  ['has no offering', request('web-01', 'rejected', { offering: null })],
])('a row that %s does not', async (_why, row) => {
  await list(row);
  expect(screen.queryByRole('link', { name: /Request again/u })).toBeNull();
});
