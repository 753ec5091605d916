import { QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { ORDERS, SHOP } from './product-testing';
import { createQueryClient } from './query-client';
import { useAllRows } from './rows';

const pause = (millis: number) => new Promise(resolve => setTimeout(resolve, millis));

afterEach(() => vi.unstubAllGlobals());

it('does not repeat the request for a page that failed', async () => {
  let asked = 0;
  vi.stubGlobal('fetch', async () => {
    asked += 1;
    const first = asked === 1;
    await pause(5);
    return first
      ? Response.json({ items: [{ key: 'a' }], next: 'c' })
      : Response.json({ code: 'internal' }, { status: 500 });
  });
  const client = createQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useAllRows(SHOP, ORDERS, { limit: 1 } as never), { wrapper });
  await waitFor(() => expect(result.current.isFetchNextPageError).toBe(true));
  await pause(100);
  expect(asked).toBe(2);
  expect(result.current.data).toHaveLength(1);
});
