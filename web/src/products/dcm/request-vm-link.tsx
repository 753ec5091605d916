import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { text } from './text';

/** Button of a list to the catalogue, for people who may request. */
export function RequestVmLink() {
  const t = useText(text);
  return (
    <Button look="primary" asChild>
      <Link to="/catalogue">
        <Plus aria-hidden />
        {t.requestVm}
      </Link>
    </Button>
  );
}
