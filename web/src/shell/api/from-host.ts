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

/** Sends a request to the host without following redirects. */
export async function ask(request: Request): Promise<Response> {
  const asked = Date.now();
  const answer = fromHost(request.method, await fetch(request, { redirect: 'manual' }));
  noteHostTime(answer.headers.get('Date'), asked, Date.now());
  return answer;
}
