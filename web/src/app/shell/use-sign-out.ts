import { signOut } from '@/api/session';
import { sessionEnd } from '@/api/session-end';

/** Whatever the answer, nobody should go on as if they were signed in: a refusal shows the way back in. */
export function useSignOut(): () => void {
  return () => void signOut().catch(() => sessionEnd.set('session-expired'));
}
