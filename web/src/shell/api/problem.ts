import type { components } from '@/schema';
import { PERSON_CHANGED } from './session-end';

export type FieldProblem = components['schemas']['Problem']['errors'][number];

/** Code of the client: no response could be read. */
export const UNREACHABLE = 'unreachable';
export const UNREADABLE = 'unreadable';
/** Code of the client: a log-in proxy answered in the host's place. */
export const INTERCEPTED = 'intercepted';
/** Code of the client: a firewall answered in the host's place. */
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

/** Reason why a call failed: an RFC 9457 problem with sentences in the reader's language. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** Empty if the client has its own text for the code. */
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

  /** Status 511: the network requires authentication. */
  static intercepted(): Problem {
    return new Problem({ status: 511, code: INTERCEPTED });
  }

  static blocked(): Problem {
    return new Problem({ status: 403, code: BLOCKED });
  }

  /** Reads a problem from a parsed body, or from the absence of one. */
  static read(status: number, body: unknown, trace: string | null): Problem {
    const document = typeof body === 'object' && body !== null ? (body as Partial<Content>) : {};
    if (typeof document.code === 'string')
      return new Problem({ trace_id: trace, ...document, status } as Content);
    // Proxies answer with these while the host is unavailable.
    if (status === 502 || status === 503 || status === 504) return Problem.unreachable();
    return new Problem({ status, code: UNREADABLE, trace_id: trace });
  }

  /** The same problem with errors at other pointers, which are those of a form's fields. */
  moved(to: (pointer: string) => string): Problem {
    const { status, code, title, detail, traceId, params } = this;
    const errors = this.errors.map(error => ({ ...error, pointer: to(error.pointer) }));
    return new Problem({ status, code, title, detail, trace_id: traceId, params, errors });
  }

  /** Whether the outcome is unknown, so that the same attempt may be sent again. */
  get undecided(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

export function isProblem(cause: unknown, ...codes: string[]): cause is Problem {
  return cause instanceof Problem && (codes.length === 0 || codes.includes(cause.code));
}

/** Whether the session has ended or belongs to another person, for which the shell has a page. */
export function endsSession(cause: unknown): boolean {
  return cause instanceof Problem && (cause.status === 401 || cause.code === PERSON_CHANGED);
}

/**
 * Whether the page shows the problem in place: an unreachable host has a banner, and an ended
 * session a dialog.
 */
export function shownHere(cause: unknown): boolean {
  if (!cause) return false;
  if (!(cause instanceof Problem)) return true;
  return cause.status !== 0 && !endsSession(cause) && cause.code !== INTERCEPTED;
}
