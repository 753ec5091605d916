import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Row } from '../api';
import { CostBars } from './cost-bars';

const PRESENT = { key: 'id-lena', vms: 2, monthly_cents: 10_000, currency: 'EUR' };

async function show(approval: object, present: object | null) {
  vi.stubGlobal('fetch', async () =>
    present
      ? Response.json(present)
      : Response.json({ status: 404, code: 'not-found', title: '', detail: '' }, { status: 404 }),
  );
  const row = { kind: 'vm.create', monthly_cents: 5_000, currency: 'EUR', ...approval };
  const { container } = render(
    <QueryClientProvider client={createQueryClient()}>
      <CostBars approval={row as unknown as Row<'approvals'>} requesterId="id-lena" />
    </QueryClientProvider>,
  );
  await vi.waitFor(() => expect(container.querySelector('[class*=animate]')).toBeNull());
  const text = screen.queryAllByRole('definition').map(one => one.textContent);
  const widths = [...container.querySelectorAll<HTMLElement>('[style]')].map(one => one.style.width);
  return { text, widths };
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('has a bar for the present cost, and one that the request makes longer', async () => {
  const { text, widths } = await show({}, PRESENT);
  expect(text).toEqual(['€100.00', '€150.00 (+€50.00)']);
  expect(widths.map(width => Math.round(parseFloat(width)))).toEqual([67, 0, 67, 33]);
});

it('becomes shorter by a decommission', async () => {
  const { text, widths } = await show({ kind: 'vm.decommission' }, PRESENT);
  expect(text).toEqual(['€100.00', '€50.00 (−€50.00)']);
  expect(widths).toEqual(['100%', '0%', '50%', '0%']);
});

it('begins at nothing for a requester without VMs', async () => {
  const nothing = { ...PRESENT, vms: 0, monthly_cents: 0 };
  expect((await show({}, nothing)).text).toEqual(['€0.00', '€50.00 (+€50.00)']);
});

it('shows no amount to a person who may not read what the requester has', async () => {
  expect((await show({}, null)).text).toEqual([]);
});

it('compares no amounts in two currencies', async () => {
  expect((await show({}, { ...PRESENT, currency: 'CHF' })).text).toEqual([]);
});
