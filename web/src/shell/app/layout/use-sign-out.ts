import { endsSession } from '@/shell/api/problem';
import { signOut } from '@/shell/api/session';
import { settleDelayed } from '@/shell/app/actions/delayed-store';
import { forgetInputOfOthers } from '@/shell/app/form/unsent-store';
import { useShellText } from '@/shell/i18n/shell-text';
import { toast } from '@/shell/ui/toast';

/**
 * Signs out after all delayed commands are given, which need the session. A failed sign-out is
 * reported; a session that has already ended or changed has a page.
 */
export function useSignOut(): () => void {
  const t = useShellText();
  const leave = async () => {
    if (!(await settleDelayed())) return void toast.error(t.account.undecided);
    try {
      await signOut();
      forgetInputOfOthers(null);
    } catch (cause) {
      if (!endsSession(cause)) toast.error(t.account.signOutFailed);
    }
  };
  return () => void leave();
}
