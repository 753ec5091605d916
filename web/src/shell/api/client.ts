import createClient from 'openapi-fetch';
import { language } from '@/shell/i18n/language';
import { isBackground } from './activity';
import { drawnFor } from './drawn-for';
import { ask } from './from-host';
import { INTERCEPTED, Problem } from './problem';
import { reach } from './reach';
import type { paths } from '@/schema';
import { PERSON_CHANGED, sessionEnd } from './session-end';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Headers of every request. */
export function commonHeaders(method: string): Record<string, string> {
  const headers: Record<string, string> = { 'Accept-Language': language.current() };
  // Forms of other sites cannot set a header, so the host knows that this page sends the request.
  if (!SAFE.has(method)) headers['EAF-Csrf'] = '1';
  if (isBackground()) headers['EAF-Background'] = '1';
  const person = drawnFor.get();
  if (person) headers['EAF-Person'] = person;
  return headers;
}

/** Path of the session, requested for any person and not only the page's. */
const SESSION = '/api/session';

/** Client typed by the host's OpenAPI document. Wrap every call in [`answerOf`]. */
export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: ask });

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(commonHeaders(request.method)))
      request.headers.set(name, value);
    if (new URL(request.url).pathname === SESSION) request.headers.delete('EAF-Person');
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns the body of a success; throws a [`Problem`] otherwise. */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call.catch(cause => {
    if (isAbort(cause)) throw cause;
    throw note(cause instanceof Problem ? cause : Problem.unreachable());
  });
  if (!response.ok) throw note(Problem.read(response.status, error, response.headers.get('x-trace-id')));
  reach.set('answers');
  return data as T;
}

const isAbort = (cause: unknown) => cause instanceof DOMException && cause.name === 'AbortError';

function note(problem: Problem): Problem {
  reach.set(problem.status === 0 ? 'silent' : 'answers');
  if (problem.status === 401 || problem.code === INTERCEPTED || problem.code === PERSON_CHANGED)
    sessionEnd.set(problem.code);
  return problem;
}
