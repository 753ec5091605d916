import { useNavigate } from '@tanstack/react-router';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';

/** Asks before a draft is deleted; a policy that was never published then has no page. */
export function DiscardDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text);
  const navigate = useNavigate();
  const command = useCommandForm<'discard-draft', Record<string, never>>({
    command: 'discard-draft',
    defaultValues: {},
    fields: [],
    body: () => action.body as CommandBody<'discard-draft'>,
    onDone: () => {
      close();
      toast.success(t.discarded(name));
      void navigate({ to: '/admin/policies' });
    },
  });
  return (
    <CommandDialog
      title={t.discard.title(name)}
      lead={t.discard.lead}
      submitLabel={action.title}
      look="destructive"
      command={command}
      close={close}
    />
  );
}
