import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';

const eaf = fileURLToPath(new URL('../../../bin/eaf', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Gives a command through the API, for the parts that a journey is not about. */
export async function command(
  account: string,
  name: string,
  body: unknown,
): Promise<{ subject: { key: string } | null }> {
  return ask(account, `/api/dcm/commands/${name}`, { method: 'POST', body: JSON.stringify(body) });
}

/** Creates a request, approved by `approver` if given, and returns its id. */
export async function request(
  name: string,
  requester: string,
  approver?: string,
  offering = 'linux-small',
): Promise<string> {
  const justification = 'Front end of the spring campaign';
  const body = { name, offering, cpus: 2, memory_gb: 4, term_months: 12, justification };
  const id = (await command(requester, 'request-vm', body)).subject?.key ?? '';
  if (approver) await command(approver, 'approve-request', { request: id });
  return id;
}

type Row = Record<string, unknown>;

/** Waits until the row satisfies the condition. */
export async function until(
  account: string,
  view: string,
  key: string,
  reached: (row: Row) => boolean,
): Promise<Row> {
  let row: Row = {};
  await expect(async () => {
    row = await ask<Row>(account, `/api/dcm/views/${view}/${key}`, {});
    expect(reached(row), JSON.stringify(row)).toBe(true);
  }).toPass({ timeout: 90_000, intervals: [200] });
  return row;
}

/** The key of the newest row of a view, or of a member or group. */
export async function newest(account: string, view: string): Promise<string> {
  const host = HOST[view];
  if (host) return host(account);
  const { items } = await ask<{ items: { key: string }[] }>(account, `/api/dcm/views/${view}?limit=1`, {});
  const key = items[0]?.key;
  if (!key) throw new Error(`${view} is empty for ${account}`);
  return key;
}

const HOST: Record<string, (account: string) => Promise<string>> = {
  members: account => memberId(account, ''),
  groups: async account => {
    const key = 'finance';
    await put(account, `/api/host/groups/${key}`, { name: 'Finance' });
    await put(account, `/api/host/groups/${key}/members/${await memberId(account, '')}`, null);
    return key;
  },
};

/** The id of the first member that a search finds. */
export async function memberId(admin: string, search: string): Promise<string> {
  const path = `/api/host/members?q=${encodeURIComponent(search)}`;
  const { items } = await ask<{ items: { actor: string }[] }>(admin, path, {});
  const actor = items[0]?.actor;
  if (!actor) throw new Error(`${admin} has no member ${search}`);
  return actor;
}

export async function put(account: string, path: string, body: unknown): Promise<void> {
  await ask(account, path, { method: 'PUT', body: JSON.stringify(body) });
}

/** Connects a tenant to the mail server of acme. */
export async function connectMail(admin: string, tenant: string): Promise<void> {
  const path = '/api/host/connections/mail/mail';
  const { config } = await ask<{ config: object }>('admin@acme', path, {});
  // The demo's mail server accepts any password.
  await put(admin, path, { config: { ...config, from: `dcm@${tenant}.example` }, secret: { password: 'x' } });
}

/** Adds a member on the command line, as those who operate the platform do. */
export function addMember(tenant: string, subject: string, name: string, email: string, role: string): void {
  const words = ['member', 'add', '--tenant', tenant, '--subject', subject, '--name', name];
  execFileSync(eaf, [...words, '--email', email, '--role', role, '--locale', 'de'], { cwd: root });
}

/** Moves the clock of the demo forward, by a step such as `+1d`. */
export function moveClock(step: string): void {
  execFileSync(eaf, ['dev', 'clock', step], { cwd: root });
}

const tokens = new Map<string, string>();

async function ask<T>(account: string, path: string, init: RequestInit): Promise<T> {
  const token =
    tokens.get(account) ??
    execFileSync(eaf, ['dev', 'token', account], { encoding: 'utf8', cwd: root }).trim();
  tokens.set(account, token);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${process.env.EAF_URL}${path}`, { ...init, headers });
  if (answer.status === 429) {
    // The host limits requests per person; it says when the next one is accepted.
    await setTimeout(Number(answer.headers.get('retry-after') ?? 1) * 1000);
    return ask(account, path, init);
  }
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? null : await answer.json()) as T;
}
