import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerOf, api } from '@/shell/api/client';
import { drawnFor } from '@/shell/api/drawn-for';
import { createQueryClient } from '@/shell/api/query-client';
import { SessionContext, checkSession, sessionQuery, useSessionQuery } from '@/shell/api/session';
import { sessionEnd } from '@/shell/api/session-end';
import { useSessionCheck } from '../layout/use-session-check';
import { PersonChangedPage } from './person-changed-page';

const LENA = person('lena', 'Lena Hoffmann', 'Acme Werke AG');
const JAMES = person('james', 'James Carter', 'Globex');

function person(actor: string, name: string, tenant: string) {
  return {
    kind: 'member',
    via: 'session',
    actor,
    name,
    tenant: { slug: tenant.toLowerCase(), name: tenant },
    roles: [],
    permissions: [],
    products: [],
  };
}

/** Session of the browser as the host knows it. */
let signedIn: typeof LENA | null = LENA;
const asked: Request[] = [];

function host(request: Request): Promise<Response> {
  asked.push(request);
  const drawn = request.headers.get('EAF-Person');
  if (!signedIn) return Promise.resolve(Response.json({ code: 'session-expired' }, { status: 401 }));
  if (drawn && drawn !== signedIn.actor)
    return Promise.resolve(Response.json({ code: 'person-changed' }, { status: 409 }));
  const isSession = new URL(request.url).pathname === '/api/session';
  return Promise.resolve(Response.json(isSession ? signedIn : { items: [], next: null }));
}

function Tab({ children }: { children: ReactNode }) {
  const { data: session } = useSessionQuery();
  useSessionCheck(session?.actor);
  if (!session) return null;
  return (
    <SessionContext value={session}>
      {session.name}
      {children}
      <PersonChangedPage />
    </SessionContext>
  );
}

function open(): QueryClient {
  asked.length = 0;
  vi.stubGlobal('fetch', host);
  const client = createQueryClient();
  render(
    <QueryClientProvider client={client}>
      <Tab>
        <input aria-label="Reason" defaultValue="" />
      </Tab>
    </QueryClientProvider>,
  );
  return client;
}

const draft = () => document.querySelector<HTMLInputElement>('[aria-label=Reason]');

async function openWithDraft(): Promise<QueryClient> {
  const client = open();
  await waitFor(() => expect(draft()).not.toBeNull());
  draft()!.value = 'For the spring campaign';
  return client;
}

afterEach(() => {
  signedIn = LENA;
  drawnFor.forget();
  sessionEnd.set(null);
  vi.unstubAllGlobals();
});

describe('a tab acts for its person', () => {
  it('names its person with each request, except the one for the session', async () => {
    const client = await openWithDraft();
    await answerOf(api.POST('/api/host/mail-queue/send'));
    await answerOf(api.GET('/api/host/connections'));
    await checkSession(client);
    expect(asked.map(request => request.headers.get('EAF-Person'))).toEqual([null, 'lena', 'lena', null]);
  });

  it('shows the present person when the host refuses it, and keeps the input', async () => {
    const client = await openWithDraft();
    signedIn = JAMES;
    await act(() => answerOf(api.POST('/api/host/mail-queue/send')).catch(() => undefined));
    expect(await screen.findByText(/You are now signed in as James Carter \(Globex\)/)).toBeDefined();
    expect(screen.getByRole('button', { name: 'Continue as James Carter' })).toBeDefined();
    expect(draft()?.value).toBe('For the spring campaign');
    // The page beneath contains no data of the other person.
    expect(client.getQueryData(sessionQuery.queryKey)?.name).toBe('Lena Hoffmann');
  });

  it('is notified by another tab at once', async () => {
    await openWithDraft();
    signedIn = JAMES;
    new BroadcastChannel('eaf-person').postMessage({ actor: 'james' });
    expect(await screen.findByText(/You are now signed in as James Carter/)).toBeDefined();
  });

  it.each([
    ['focus', window],
    ['visibilitychange', document],
  ])('checks the session when it is shown again (%s)', async (event, target) => {
    await openWithDraft();
    signedIn = JAMES;
    act(() => void target.dispatchEvent(new Event(event)));
    expect(await screen.findByText(/You are now signed in as James Carter/)).toBeDefined();
  });

  it('continues by itself when its person is back', async () => {
    const client = await openWithDraft();
    signedIn = JAMES;
    await act(() => checkSession(client));
    await screen.findByText(/You are now signed in as James Carter/);
    signedIn = LENA;
    new BroadcastChannel('eaf-person').postMessage({ actor: 'lena' });
    await waitFor(() => expect(screen.queryByText(/You are now signed in/)).toBeNull());
    expect(draft()?.value).toBe('For the spring campaign');
  });

  it('ignores a late message', async () => {
    await openWithDraft();
    new BroadcastChannel('eaf-person').postMessage({ actor: 'james' });
    await waitFor(() => expect(asked.length).toBeGreaterThan(1));
    expect(screen.queryByText(/signed in as/)).toBeNull();
  });
});

/** Event of the browser when a page enters or leaves the back/forward cache. */
function transition(type: 'pagehide' | 'pageshow') {
  act(() => void window.dispatchEvent(Object.assign(new Event(type), { persisted: true })));
}

const isSeen = () => !document.documentElement.hasAttribute('data-asleep');

describe('a page from the back/forward cache', () => {
  it('is shown again when its person is still signed in', async () => {
    await openWithDraft();
    transition('pagehide');
    expect(isSeen()).toBe(false);
    transition('pageshow');
    await waitFor(() => expect(isSeen()).toBe(true));
  });

  it.each([
    ['another person is signed in', JAMES],
    ['no person is', null],
  ])('is reloaded, hidden, when %s', async (_, now) => {
    await openWithDraft();
    const reload = vi.spyOn(window.location, 'reload').mockImplementation(() => {});
    transition('pagehide');
    signedIn = now;
    transition('pageshow');
    await waitFor(() => expect(reload).toHaveBeenCalled());
    expect(isSeen()).toBe(false);
    document.documentElement.removeAttribute('data-asleep');
    reload.mockRestore();
  });
});
