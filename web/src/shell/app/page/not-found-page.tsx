import { SearchX } from 'lucide-react';
import { useShellText } from '@/shell/i18n/shell-text';
import { Notice } from './notice';

export function NotFoundPage() {
  const t = useShellText();
  return <Notice Icon={SearchX} title={t.errors.notFound} lead={<p>{t.errors.notFoundLead}</p>} />;
}
