import { BLOCKED, INTERCEPTED, type Problem, UNREACHABLE, UNREADABLE } from '@/shell/api/problem';
import type { Dictionary } from '@/shell/i18n/en';

/** Sentences of the host, or of the client if the host could not answer. */
export function problemText(problem: Problem, { errors }: Dictionary): { title: string; detail: string } {
  switch (problem.code) {
    case UNREACHABLE:
      return { title: errors.unreachable, detail: errors.unreachableDetail };
    case UNREADABLE:
      return { title: errors.unreadable, detail: errors.unreadableDetail };
    case INTERCEPTED:
      return { title: errors.intercepted, detail: errors.interceptedDetail };
    case BLOCKED:
      return { title: errors.blocked, detail: errors.blockedDetail };
    default:
      // A product's rejection has one sentence in both members.
      return { title: problem.title, detail: problem.detail === problem.title ? '' : problem.detail };
  }
}
