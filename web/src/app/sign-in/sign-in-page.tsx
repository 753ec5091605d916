import { useLocation } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { signInHref } from '@/api/session-end';
import { useShellText } from '@/i18n/shell-text';
import { Button } from '@/ui/button';
import { Front } from './front';

/** Nobody is signed in, or not any more. The address stays what it was, and so does where one comes out. */
export function SignInPage({ ended }: { ended: boolean }) {
  const t = useShellText();
  const { href } = useLocation();
  return (
    <Front title={ended ? t.signIn.ended : t.signIn.title} lead={ended ? t.signIn.endedLead : t.signIn.lead}>
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
