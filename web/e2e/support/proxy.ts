import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const host = () => new URL(process.env.EAF_URL ?? '');

/**
 * Behaviour of a log-in proxy: forwards calls, redirects them to its page, or answers with the
 * page.
 */
export type Mode = 'pass' | 'redirect' | 'page';

/**
 * Log-in proxy in front of the host, as enterprises use them. Cookies do not depend on ports, so a
 * session of the host is valid here too.
 */
export class LoginProxy {
  mode: Mode = 'pass';

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<LoginProxy> {
    const server = createServer();
    await new Promise<void>(listening => server.listen(0, 'localhost', listening));
    const proxy = new LoginProxy(server, `http://localhost:${(server.address() as AddressInfo).port}`);
    server.on('request', (asked, answer) => proxy.handle(asked, answer));
    return proxy;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private handle(asked: IncomingMessage, answer: ServerResponse): void {
    if (this.mode === 'pass' || !asked.url?.startsWith('/api/')) {
      pass(asked, answer);
      return;
    }
    asked.resume();
    if (this.mode === 'redirect') answer.writeHead(302, { location: 'http://login.invalid/start' }).end();
    else answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Log in</title>');
  }
}

function pass(asked: IncomingMessage, answer: ServerResponse): void {
  const { hostname, port, host: name, origin } = host();
  const headers = { ...asked.headers, host: name };
  if (headers.origin) headers.origin = origin;
  const onward = request({ hostname, port, path: asked.url, method: asked.method, headers }, heard => {
    answer.writeHead(heard.statusCode ?? 502, heard.headers);
    heard.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  answer.on('close', () => onward.destroy());
  asked.pipe(onward);
}

const nginxPath = fileURLToPath(new URL('../../../bin/nginx', import.meta.url));

/** nginx with its default configuration and the given lines in its `location`. */
export class Nginx {
  private constructor(
    private readonly process: ChildProcess,
    private readonly dir: string,
    readonly url: string,
  ) {}

  static async start(...lines: string[]): Promise<Nginx> {
    const dir = mkdtempSync(join(tmpdir(), 'eaf-nginx-'));
    const port = await freePort();
    writeFileSync(join(dir, 'nginx.conf'), configuration(dir, port, lines));
    const args = ['-p', dir, '-e', join(dir, 'error.log'), '-c', join(dir, 'nginx.conf')];
    const nginx = new Nginx(spawn(nginxPath, args, { stdio: 'inherit' }), dir, `http://localhost:${port}`);
    for (let attempt = 0; attempt < 100; attempt++) {
      const answers = await fetch(nginx.url).then(
        () => true,
        () => false,
      );
      if (answers) return nginx;
      await new Promise(wait => setTimeout(wait, 100));
    }
    throw new Error('nginx does not answer');
  }

  async stop(): Promise<void> {
    const ended = new Promise(end => this.process.on('exit', end));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.dir, { recursive: true });
  }
}

/** Configuration of a packaged nginx with a typical reverse proxy `location`. */
function configuration(dir: string, port: number, lines: string[]): string {
  return `
daemon off;
pid ${dir}/nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  gzip on;
  server {
    listen 127.0.0.1:${port};
    listen [::1]:${port};
    location / {
      proxy_pass ${host().origin};
      proxy_set_header Host $host;
      ${lines.join('\n      ')}
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(listening => server.listen(0, 'localhost', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise(closed => server.close(closed));
  return port;
}
