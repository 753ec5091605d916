import { QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useCommand } from './commands';
import { SHOP } from './product-testing';
import { createQueryClient } from './query-client';

const accepted = {
  command_id: 'c',
  position: '1-7',
  subject: { view: 'orders', key: 'r1' },
  location: null,
  dry_run: false,
};

function answer(status: number, body: unknown): Response {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type } });
}

const sent: Request[] = [];

function answering(...answers: (Response | Error)[]) {
  sent.length = 0;
  vi.stubGlobal('fetch', (request: Request) => {
    sent.push(request);
    const next = answers.shift();
    return next instanceof Response
      ? Promise.resolve(next)
      : Promise.reject(next ?? new Error('one call too many'));
  });
}

function command() {
  const client = createQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return { client, ...renderHook(() => useCommand(SHOP, 'confirm-order' as never), { wrapper }) };
}

const key = (request: Request | undefined) => request?.headers.get('Idempotency-Key');

afterEach(() => vi.unstubAllGlobals());

describe('a command', () => {
  it('repeated after a lost answer is the same attempt, and after a rejection a new one', async () => {
    const no = {
      status: 409,
      code: 'order-closed',
      title: 't',
      detail: 'd',
      trace_id: '0',
      errors: [],
    };
    answering(new TypeError('connection lost'), answer(409, no), answer(409, no));
    const { result } = command();
    const send = () => act(() => result.current.mutateAsync({ order: 'r1' } as never).catch(() => undefined));
    await send();
    await send();
    await send();
    expect(key(sent[0])).toMatch(/^[0-9a-f-]{36}$/);
    expect(key(sent[1])).toBe(key(sent[0]));
    expect(key(sent[2])).not.toBe(key(sent[1]));
  });

  it('is sent with the headers for CSRF and language', async () => {
    answering(answer(202, { ...accepted, subject: null }));
    const { result } = command();
    await act(() => result.current.mutateAsync({ order: 'r1' } as never));
    expect(sent[0]?.headers.get('EAF-Csrf')).toBe('1');
    expect(sent[0]?.headers.get('Accept-Language')).toMatch(/^(de|en)$/);
  });

  it('resolves when its effect can be read, even if the view lags', async () => {
    const behind = { status: 503, code: 'view-behind', title: 't', detail: 'd', trace_id: '0', errors: [] };
    answering(answer(202, accepted), answer(503, behind), answer(200, { key: 'r1', status: 'confirmed' }));
    const { client, result } = command();
    await act(() => result.current.mutateAsync({ order: 'r1' } as never));
    await waitFor(() =>
      expect(client.getQueryData(['view', 'shop/orders', 'item', 'r1'])).toMatchObject({
        status: 'confirmed',
      }),
    );
    expect(sent.slice(1).map(request => new URL(request.url).searchParams.get('after'))).toEqual([
      '1-7',
      '1-7',
    ]);
  });
});
