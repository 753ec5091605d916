import { useMutation } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import { useSession } from '@/shell/api/session';
import { type Language, language } from '@/shell/i18n/language';

/** Changes the language of the page at once, and the member's at the host, for mails. */
export function useChooseLanguage(): (chosen: Language) => void {
  const session = useSession();
  const { mutate } = useMutation({
    mutationFn: (chosen: Language) =>
      answerOf(api.PUT('/api/session/language', { body: { language: chosen } })),
  });
  return chosen => {
    language.choose(chosen);
    if (session.kind === 'member') mutate(chosen);
  };
}
