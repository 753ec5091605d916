import { answerOf, api } from '@/shell/api/client';

/** Report of `eaf verify` for one tenant. */
export interface Report {
  events: number;
  first_at: string | null;
  last_at: string | null;
  head: string;
  anchors: number;
  anchor_head: string;
  anchored: number;
  not_anchored: number;
  findings: Finding[];
  /** Number of findings that are not listed. */
  more: number;
}

export type Finding = { finding: string } & Record<string, string | number>;

type Line = { events: number; of: number } | { report: Report } | { failed: string };

/** Verifies the log; reports progress from 0 to 1 and returns the report. */
export async function prove(onProgress: (share: number) => void, signal: AbortSignal): Promise<Report> {
  const body = await answerOf(api.POST('/api/host/audit/proof', { parseAs: 'stream', signal }));
  for await (const line of lines(body as unknown as ReadableStream<Uint8Array>)) {
    const said = JSON.parse(line) as Line;
    if ('report' in said) return said.report;
    if ('failed' in said) break;
    onProgress(said.of === 0 ? 1 : said.events / said.of);
  }
  throw new BrokenOff();
}

/** Verification ended early, so it proves nothing. */
export class BrokenOff extends Error {}

/** A cut stream becomes [`BrokenOff`]; an aborted one is rethrown. */
function endOf(cause: unknown): never {
  throw cause instanceof DOMException ? cause : new BrokenOff();
}

export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- one after the other, as they come
    const { value, done } = await reader.read().catch(endOf);
    rest += decoder.decode(value, { stream: !done });
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    yield* whole.filter(line => line !== '');
    if (done) return;
  }
}
