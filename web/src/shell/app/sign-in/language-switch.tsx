import { LANGUAGES, type Language, language, useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';

export function LanguageSwitch() {
  const t = useShellText();
  const current = useLanguage();
  return (
    <div role="group" aria-label={t.account.language} className="flex gap-1">
      {(Object.keys(LANGUAGES) as Language[]).map(code => (
        <Button
          key={code}
          look="quiet"
          size="small"
          lang={code}
          aria-pressed={code === current}
          className="aria-pressed:bg-hover aria-pressed:text-text"
          onClick={() => language.choose(code)}
        >
          {LANGUAGES[code]}
        </Button>
      ))}
    </div>
  );
}
