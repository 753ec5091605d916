import { noteHostTime } from './host-clock';
import { Problem } from './problem';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Statuses with which a page in place of an answer asks for sign-in. */
const SIGN_IN = new Set([401, 403, 407, 511]);

/**
 * Returns the response if it is the host's; throws otherwise.
 *
 * The host never redirects a call and never answers with a page: a log-in proxy does when its
 * session has ended, and a firewall does when it blocks a request.
 */
export function fromHost(method: string, answer: Response): Response {
  if (answer.type === 'opaqueredirect') throw Problem.intercepted();
  if (!answer.headers.get('Content-Type')?.startsWith('text/html')) return answer;
  // Firewalls inspect bodies, so the page for a safe method comes from a proxy.
  if (answer.status === 403 && !SAFE.has(method)) throw Problem.blocked();
  if (answer.ok || SIGN_IN.has(answer.status)) throw Problem.intercepted();
  return answer;
}

/**
 * Returns a W3C `traceparent` of a new trace, which the host continues, so that a trace begins at
 * the request that a person made.
 */
export function traceparent(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(24)), byte =>
    byte.toString(16).padStart(2, '0'),
  );
  return `00-${hex.slice(0, 16).join('')}-${hex.slice(16).join('')}-01`;
}

/** Sends a request to the host, as the first of a trace, without following redirects. */
export async function ask(request: Request): Promise<Response> {
  const asked = Date.now();
  request.headers.set('traceparent', traceparent());
  const answer = fromHost(request.method, await fetch(request, { redirect: 'manual' }));
  noteHostTime(answer.headers.get('Date'), asked, Date.now());
  return answer;
}
