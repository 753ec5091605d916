import { noteHostTime } from './host-clock';
import { Problem } from './problem';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** With a page in place of an answer these ask for signing in. */
const SIGN_IN = new Set([401, 403, 407, 511]);

/**
 * The answer, if it is the host's. The host never redirects a call and never answers it with a page: a log-in proxy in
 * front does, when its own session is over, and a firewall does with what it will not let pass.
 */
export function fromHost(method: string, answer: Response): Response {
  if (answer.type === 'opaqueredirect') throw Problem.intercepted();
  if (!answer.headers.get('Content-Type')?.startsWith('text/html')) return answer;
  // A page that was merely asked for is no firewall's business.
  if (answer.status === 403 && !SAFE.has(method)) throw Problem.blocked();
  if (answer.ok || SIGN_IN.has(answer.status)) throw Problem.intercepted();
  return answer;
}

/** Asks the host, and follows nothing that leads elsewhere. */
export async function ask(request: Request): Promise<Response> {
  const asked = Date.now();
  const answer = fromHost(request.method, await fetch(request, { redirect: 'manual' }));
  noteHostTime(answer.headers.get('Date'), asked, Date.now());
  return answer;
}
