import { toast } from 'sonner';
import { endsSession } from '@/api/problem';
import { signOut } from '@/api/session';
import { forgetDraftsOfOthers } from '@/app/form/draft-store';
import { useShellText } from '@/i18n/shell-text';

/** Where nothing ended the session, nobody may believe that it ended. One that is over, or another's, has its page. */
export function useSignOut(): () => void {
  const t = useShellText();
  return () =>
    void signOut().then(
      () => forgetDraftsOfOthers(null),
      (cause: unknown) => {
        if (!endsSession(cause)) toast.error(t.account.signOutFailed);
      },
    );
}
