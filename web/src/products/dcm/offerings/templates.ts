import { answerOf, api } from '@/shell/api/client';
import { Problem, endsSession } from '@/shell/api/problem';
import type { Choices } from '@/shell/app/choose/choices';

const PATH = '/api/dcm/commands/define-offering/choices/template';
/** Time-out in milliseconds of the check before saving. */
const PATIENCE = 12_000;

export function templates(search: string, signal: AbortSignal): Promise<Choices> {
  return answerOf(api.GET(PATH, { params: { query: { search } }, signal }));
}

export type TemplateCheck =
  | { state: 'good' }
  /** vCenter has no such template. */
  | { state: 'bad'; sentence: string }
  /** vCenter did not answer; `null`: the check timed out. */
  | { state: 'unchecked'; sentence: string | null };

/**
 * Checks that vCenter has this template. An offering can be saved even if vCenter cannot answer.
 */
export async function checkTemplate(value: string): Promise<TemplateCheck> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const params = { query: { value } };
    const { unknown, failure } = await answerOf(api.GET(PATH, { params, signal: patience.signal }));
    if (unknown) return { state: 'bad', sentence: unknown.text };
    return failure ? { state: 'unchecked', sentence: failure.text } : { state: 'good' };
  } catch (cause) {
    if (endsSession(cause)) throw cause;
    const sentence = cause instanceof Problem && cause.status !== 0 ? cause.detail : null;
    return { state: 'unchecked', sentence: sentence || null };
  } finally {
    clearTimeout(timer);
  }
}
