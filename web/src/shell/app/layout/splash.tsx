import { useShellText } from '@/shell/i18n/shell-text';
import { Brand } from './brand';

export function Splash() {
  const t = useShellText();
  return (
    <main className="grid min-h-dvh place-items-center" aria-busy>
      <div className="animate-[breathe_1.6s_ease-in-out_infinite]">
        <Brand />
        <span className="sr-only" role="status">
          {t.loading}
        </span>
      </div>
    </main>
  );
}
