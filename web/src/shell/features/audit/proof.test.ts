import { afterEach, expect, it, vi } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { BrokenOff, prove } from './proof';

afterEach(() => vi.unstubAllGlobals());

const encoder = new TextEncoder();
const answering = (response: Response) => vi.stubGlobal('fetch', () => Promise.resolve(response));
const proving = (heard: number[] = []) => prove(share => heard.push(share), new AbortController().signal);

it('reports progress and returns the report, however the stream is split', async () => {
  const text = '{"events":1,"of":4}\n{"events":4,"of":4}\n{"report":{"events":4}}\n';
  const pieces = [text.slice(0, 7), text.slice(7, 30), text.slice(30)];
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
  answering(new Response(body));
  const heard: number[] = [];
  expect(await proving(heard)).toEqual({ events: 4 });
  expect(heard).toEqual([0.25, 1]);
});

it('has no result when it is cut off or reports a failure', async () => {
  const cut = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode('{"events":1,"of":4}\n'));
    },
    pull(controller) {
      controller.error(new TypeError('network'));
    },
  });
  answering(new Response(cut));
  await expect(proving()).rejects.toBeInstanceOf(BrokenOff);
  answering(new Response('{"failed":"internal"}\n'));
  await expect(proving()).rejects.toBeInstanceOf(BrokenOff);
});

it('is refused like every other call, so that the dialog of an ended session opens', async () => {
  answering(Response.json({ code: 'session-expired', title: 'Over' }, { status: 401 }));
  const cause = await proving().catch((cause: unknown) => cause);
  expect(cause).toBeInstanceOf(Problem);
  expect((cause as Problem).code).toBe('session-expired');
});
