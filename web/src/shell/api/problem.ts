import type { components } from '@/schema';
import { PERSON_CHANGED } from './session-end';

export type FieldProblem = components['schemas']['Problem']['errors'][number];

/** Codes that are the client's own: the host said nothing that could be read. */
export const UNREACHABLE = 'unreachable';
export const UNREADABLE = 'unreadable';
/** A log-in proxy in front answered in the host's place. */
export const INTERCEPTED = 'intercepted';
/** So did a firewall. */
export const BLOCKED = 'blocked';

interface Content {
  status: number;
  code: string;
  title?: string;
  detail?: string;
  trace_id?: string | null;
  errors?: FieldProblem[];
  params?: Record<string, unknown>;
}

/** Why something did not happen: RFC 9457 as the host writes it, with sentences in the reader's language. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** Empty: the client has a text of its own for this code. */
  readonly title: string;
  readonly detail: string;
  readonly traceId: string | null;
  readonly errors: FieldProblem[];
  readonly params: Record<string, unknown>;

  constructor(content: Content) {
    super(`${content.status} ${content.code}`);
    this.name = 'Problem';
    this.status = content.status;
    this.code = content.code;
    this.title = content.title ?? '';
    this.detail = content.detail ?? '';
    this.traceId = content.trace_id ?? null;
    this.errors = content.errors ?? [];
    this.params = content.params ?? {};
  }

  static unreachable(): Problem {
    return new Problem({ status: 0, code: UNREACHABLE });
  }

  /** With the status that is made for it: the network wants to know first who asks. */
  static intercepted(): Problem {
    return new Problem({ status: 511, code: INTERCEPTED });
  }

  static blocked(): Problem {
    return new Problem({ status: 403, code: BLOCKED });
  }

  /** From a parsed body, or from what a proxy or nobody at all put in its place. */
  static read(status: number, body: unknown, trace: string | null): Problem {
    const document = typeof body === 'object' && body !== null ? (body as Partial<Content>) : {};
    if (typeof document.code === 'string')
      return new Problem({ trace_id: trace, ...document, status } as Content);
    // Without the host behind it a proxy answers like this.
    if (status === 502 || status === 503 || status === 504) return Problem.unreachable();
    return new Problem({ status, code: UNREADABLE, trace_id: trace });
  }

  /** Nothing was decided: the same attempt may be sent again. */
  get undecided(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

export function isProblem(cause: unknown, ...codes: string[]): cause is Problem {
  return cause instanceof Problem && (codes.length === 0 || codes.includes(cause.code));
}

/** The session is over or somebody else's, which has a page of its own. */
export function endsSession(cause: unknown): boolean {
  return cause instanceof Problem && (cause.status === 401 || cause.code === PERSON_CHANGED);
}

/** Whether the page says it where it happened: a silent host has its banner, and a session that has ended its dialog. */
export function shownHere(cause: unknown): boolean {
  if (!cause) return false;
  if (!(cause instanceof Problem)) return true;
  return cause.status !== 0 && !endsSession(cause) && cause.code !== INTERCEPTED;
}
