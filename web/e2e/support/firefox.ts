import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { WebSocket } from 'ws';

/** Debian's name first; `EAF_FIREFOX` names another program. */
const programs = [process.env.EAF_FIREFOX ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'];

type Answer = { id: number; result?: unknown; error?: string; message?: string };
type Waiting = { resolve: (result: unknown) => void; reject: (error: Error) => void };

/**
 * Firefox driven by WebDriver BiDi. Playwright requires its own build, which no distribution
 * packages.
 */
export class Firefox {
  private readonly waiting = new Map<number, Waiting>();
  private sent = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', data => this.hear(JSON.parse(String(data)) as Answer));
  }

  static async start(): Promise<Firefox> {
    const program = programs.find(path => path !== '' && existsSync(path));
    if (!program) throw new Error('There is no Firefox: install it, or name it in EAF_FIREFOX.');
    const profile = mkdtempSync(join(tmpdir(), 'eaf-firefox-'));
    const args = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', profile];
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: profile },
    });
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', data => {
        said += String(data);
        const at = /WebDriver BiDi listening on (ws:\/\/\S+)/u.exec(said)?.[1];
        if (at) resolve(at);
      });
      child.on('exit', () => reject(new Error(`Firefox ended: ${said}`)));
    });
    const socket = new WebSocket(`${url}/session`);
    await new Promise((open, fail) => socket.once('open', open).once('error', fail));
    const firefox = new Firefox(child, profile, socket);
    await firefox.send('session.new', { capabilities: {} });
    return firefox;
  }

  /** The initial tab. */
  async tab(): Promise<Tab> {
    const { contexts } = (await this.send('browsingContext.getTree', {})) as {
      contexts: { context: string }[];
    };
    const context = contexts[0]?.context;
    if (!context) throw new Error('Firefox has no tab');
    return new Tab(this, context);
  }

  async stop(): Promise<void> {
    const ended = new Promise(end => this.process.once('exit', end));
    this.socket.terminate();
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.profile, { recursive: true, force: true });
  }

  send(method: string, params: object): Promise<unknown> {
    const id = ++this.sent;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private hear({ id, result, error, message }: Answer): void {
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) asked?.reject(new Error(`${error}: ${message}`));
    else asked?.resolve(result);
  }
}

interface Point {
  x: number;
  y: number;
}

export class Tab {
  constructor(
    private readonly firefox: Firefox,
    private readonly context: string,
  ) {}

  async open(url: string): Promise<void> {
    // Waiting for `complete` fails if the page reloads itself meanwhile.
    await this.firefox.send('browsingContext.navigate', { context: this.context, url, wait: 'none' });
    const { pathname } = new URL(url);
    const isThere = () =>
      this.run(path => location.pathname === path && document.readyState === 'complete', pathname);
    await expect.poll(() => isThere().catch(() => false), { timeout: 30_000 }).toBe(true);
  }

  async back(): Promise<void> {
    await this.firefox.send('browsingContext.traverseHistory', { context: this.context, delta: -1 });
  }

  /** Runs a function in the page, like Playwright's `evaluate`. */
  async run<A extends unknown[], R>(what: (...args: A) => R, ...args: A): Promise<R> {
    const { result, exceptionDetails } = (await this.firefox.send('script.callFunction', {
      functionDeclaration: `json => JSON.stringify((${what.toString()})(...JSON.parse(json)) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(args) }],
      target: { context: this.context },
      awaitPromise: true,
    })) as { result?: { value: string }; exceptionDetails?: { text: string } };
    if (!result) throw new Error(exceptionDetails?.text);
    return JSON.parse(result.value) as R;
  }

  /** Waits for a text in the page. */
  async see(text: string | RegExp, timeout = 30_000): Promise<void> {
    // Scripts cannot run during a navigation.
    const read = () => this.run(() => document.body.innerText).catch(() => '');
    await expect.poll(read, { timeout }).toMatch(text);
  }

  async press(selector: string, text = ''): Promise<void> {
    const { x, y } = await this.place(selector, text);
    await this.act('pointer', [
      { type: 'pointerMove', x, y },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]);
  }

  /** Replaces the content of the field. */
  async fill(selector: string, text: string): Promise<void> {
    await this.press(selector);
    await this.run(one => document.querySelector<HTMLInputElement>(one)?.select(), selector);
    await this.act(
      'key',
      [...text].flatMap(value => [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ]),
    );
  }

  async wheel(selector: string, deltaY: number): Promise<void> {
    const { x, y } = await this.place(selector, '');
    await this.act('wheel', [{ type: 'scroll', x, y, deltaX: 0, deltaY }]);
  }

  /** Centre of the first element that matches the selector and the text, if there is one. */
  private async place(selector: string, text: string): Promise<Point> {
    let found: Point | null = null;
    const find = async () => {
      found = await this.run(
        (kind: string, wanted: string) => {
          const all = [...document.querySelectorAll<HTMLElement>(kind)];
          const one = all.find(element => element.checkVisibility() && element.innerText.includes(wanted));
          one?.scrollIntoView({ block: 'center' });
          if (!one) return null;
          const box = one.getBoundingClientRect();
          const middle = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
          // A menu is rendered before it is positioned.
          return one.contains(document.elementFromPoint(middle.x, middle.y)) ? middle : null;
        },
        selector,
        text,
      ).catch(() => null);
      return found !== null;
    };
    await expect.poll(find, { message: `${selector} ${text}`, timeout: 30_000 }).toBe(true);
    return found as unknown as Point;
  }

  private async act(type: 'pointer' | 'key' | 'wheel', actions: object[]): Promise<void> {
    await this.firefox.send('input.performActions', {
      context: this.context,
      actions: [{ type, id: type, actions }],
    });
  }
}
