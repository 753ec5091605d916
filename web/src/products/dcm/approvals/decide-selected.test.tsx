import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import { ActionDialogs } from '@/shell/app/actions/action-dialogs';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { text } from '../decide-several/text';
import { Inbox } from './inbox';

const t = text.en;

const action = (command: string, request: string, revision: number) => ({
  command,
  title: command,
  permitted: true,
  allowed: true,
  why: null,
  body: { request, revision },
});

const waiting = (key: string, revision = 1, more: object = {}) => ({
  key,
  vm_name: `web-${key}`,
  status: 'pending',
  status_text: 'pending',
  requester_name: 'Lena Hoffmann',
  revision,
  cpus: 4,
  memory_gb: 8,
  monthly_cents: 3_000,
  currency: 'EUR',
  approval: null,
  decisions: [],
  actions: [action('approve-request', key, revision), action('reject-request', key, revision)],
  ...more,
});

interface Given {
  body: Record<string, unknown>;
  key: string | null;
}

let rows: Record<string, object> = {};
let answers: Record<string, (Response | 'lost')[]> = {};
const given: Given[] = [];

const refusal = (code: string, params: object = {}) =>
  Response.json({ status: 409, code, title: `Refused: ${code}.`, detail: '', params }, { status: 409 });

async function host(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (!pathname.includes('/commands/')) {
    const row = rows[pathname.split('/').at(-1) ?? ''];
    return Response.json(row ?? { items: Object.values(rows), next: null });
  }
  const body = (await request.json()) as Record<string, unknown>;
  given.push({ body, key: request.headers.get('Idempotency-Key') });
  const answer = answers[String(body['request'])]?.shift();
  if (answer === 'lost') throw new TypeError('network');
  return (
    answer ??
    Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false })
  );
}

const Page = () => (
  <>
    <Inbox all={false} onDecided={() => undefined} />
    <ActionDialogs />
  </>
);

const hand = userEvent.setup();
const box = (name: string) => screen.findByRole<HTMLInputElement>('checkbox', { name });
const line = async (name: string) => (await box(name)).closest('li')?.textContent ?? '';
const tell = (done: string, all: string) => screen.findByText(t.done(done, all));

async function open() {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={{ kind: 'member', actor: 'id-james', permissions: [] } as unknown as Session}>
      <QueryClientProvider client={createQueryClient()}>
        <TooltipProvider>
          <RouterProvider router={router as never} />
        </TooltipProvider>
      </QueryClientProvider>
    </SessionContext>,
  );
  await screen.findByRole('article', { name: 'web-r1' });
}

async function decideAll(command: RegExp) {
  await hand.click(await box(t.selectAll));
  await hand.click(screen.getByRole('button', { name: t.decide }));
  await hand.click(await screen.findByRole('button', { name: command }));
}

beforeEach(() => {
  rows = { r1: waiting('r1'), r2: waiting('r2'), r3: waiting('r3') };
  answers = {};
  given.length = 0;
  vi.stubGlobal('fetch', host);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

it('keys select the focused requests and open the decision, which covers them alone', async () => {
  await open();
  await hand.keyboard('d');
  expect(screen.queryByRole('dialog')).toBeNull();
  await hand.keyboard('jxjjxjk');
  await screen.findByText(t.selected('2', '3'));
  await hand.keyboard('d');
  await hand.click(await screen.findByRole('button', { name: t.approve('2') }));
  await tell('2', '2');
  expect(given.map(({ body }) => body['request'])).toEqual(['r1', 'r3']);
});

it('selects no request on which the person cannot decide', async () => {
  rows['r2'] = waiting('r2', 1, { actions: [] });
  await open();
  expect((await box(t.select('web-r2'))).disabled).toBe(true);
  await hand.click(await box(t.selectAll));
  await screen.findByText(t.selected('2', '2'));
});

it('each request has its result, and a failed one stays selected for the request as it is now', async () => {
  answers = { r2: [refusal('revision-changed')] };
  await open();
  await hand.click(await box(t.selectAll));
  await hand.click(screen.getByRole('button', { name: t.decide }));
  const approve = await screen.findByRole('button', { name: t.approve('3') });
  rows['r2'] = waiting('r2', 2, { cpus: 16 });
  await hand.click(approve);
  await tell('2', '3');
  expect(await line('web-r1')).toContain(t.approved);
  expect(await line('web-r2')).toContain('Refused: revision-changed.');
  await waitFor(async () => expect(await line('web-r2')).toContain('16 CPU'));
  expect([(await box('web-r1')).checked, (await box('web-r2')).checked]).toEqual([false, true]);
  await hand.click(screen.getByRole('button', { name: t.approve('1') }));
  await tell('3', '3');
  expect(given.at(-1)?.body).toEqual({ request: 'r2', revision: 2 });
});

it('a new price is accepted only after its line showed it', async () => {
  const params = { expected_cents: 3_000, monthly_cents: 9_700, currency: 'EUR' };
  answers = { r1: [refusal('price-changed', params)] };
  await open();
  await decideAll(/Approve 3/u);
  await tell('2', '3');
  expect(await line('web-r1')).toContain(t.accept('€30.00', '€97.00'));
  expect(given[0]?.body).not.toHaveProperty('expected_monthly_cents');
  await hand.click(screen.getByRole('button', { name: t.approve('1') }));
  await tell('3', '3');
  expect(given.at(-1)?.body).toMatchObject({ request: 'r1', expected_monthly_cents: 9_700 });
});

it('a lost answer is shown as unknown, and its repetition is the same attempt', async () => {
  answers = { r2: ['lost'] };
  await open();
  await decideAll(/Approve 3/u);
  await tell('2', '3');
  expect(await line('web-r2')).toContain(t.unknown);
  await hand.click(screen.getByRole('button', { name: t.approve('1') }));
  await tell('3', '3');
  const [first, again] = given.filter(({ body }) => body['request'] === 'r2');
  expect(first?.key).toBeTruthy();
  expect(again?.key).toBe(first?.key);
});

it('an unknown decision that was recorded shows that', async () => {
  answers = { r2: ['lost'] };
  await open();
  await hand.click(await box(t.selectAll));
  await hand.click(screen.getByRole('button', { name: t.decide }));
  const reject = await screen.findByRole('button', { name: t.reject('3') });
  await hand.type(screen.getByRole('textbox', { name: t.comment }), 'Too many.');
  rows['r2'] = waiting('r2', 1, { status: 'rejected', status_text: 'rejected', actions: [] });
  await hand.click(reject);
  await tell('2', '3');
  await waitFor(async () => expect(await line('web-r2')).toContain('rejected'));
  expect(await line('web-r2')).not.toContain(t.unknown);
  expect(given.every(({ body }) => body['reason'] === 'Too many.')).toBe(true);
  expect(within(screen.getByRole('dialog')).getByRole('button', { name: t.reject('0') })).toBeTruthy();
});
