import { Link } from '@tanstack/react-router';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { Front } from './front';

export function SignedInPage() {
  const t = useShellText();
  return (
    <Front title={t.signIn.done} lead={t.signIn.doneLead}>
      <Button asChild>
        <Link to="/">{t.signIn.toHome}</Link>
      </Button>
    </Front>
  );
}
