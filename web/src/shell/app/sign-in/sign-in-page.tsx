import { useLocation } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { signInHref } from '@/shell/api/session-end';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { useBrand } from '../brand';
import { Front } from './front';

/** Page without a session, or after its end. The address stays and is restored after sign-in. */
export function SignInPage({ ended }: { ended: boolean }) {
  const t = useShellText();
  const brand = useBrand();
  const { href } = useLocation();
  return (
    <Front title={ended ? t.signIn.ended : t.signIn.title} lead={ended ? t.signIn.endedLead : brand.lead}>
      <div className="grid gap-3">
        <Button look="primary" size="large" asChild>
          <a href={signInHref(href)}>
            {ended ? t.signIn.again : t.signIn.action}
            <ArrowRight aria-hidden />
          </a>
        </Button>
        {href === '/' ? null : <p className="text-xs text-quiet">{t.signIn.keeps}</p>}
      </div>
    </Front>
  );
}
