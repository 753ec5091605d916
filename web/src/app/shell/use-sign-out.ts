import { toast } from 'sonner';
import { isProblem } from '@/api/problem';
import { signOut } from '@/api/session';
import { forgetDraftsOfOthers } from '@/app/form/draft-store';
import { useShellText } from '@/i18n/shell-text';

/** Where nothing ended the session, nobody may believe that it ended. A session that is over already has its dialog. */
export function useSignOut(): () => void {
  const t = useShellText();
  return () =>
    void signOut().then(
      () => forgetDraftsOfOthers(null),
      (cause: unknown) => {
        if (!isProblem(cause) || cause.status !== 401) toast.error(t.account.signOutFailed);
      },
    );
}
