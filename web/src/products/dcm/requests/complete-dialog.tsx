import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';
import { useNoLongerPossible } from './use-no-longer-possible';

const NONE = [] as const;

export function CompleteDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).complete;
  const command = useCommandForm({
    command: 'complete-without-address',
    defaultValues: {},
    fields: NONE,
    body: () => action.body as CommandBody<'complete-without-address'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
  });
  return (
    <CommandDialog
      title={t.title(name)}
      lead={t.lead}
      submitLabel={action.title}
      look="primary"
      command={command}
      impossible={useNoLongerPossible(action)}
      close={close}
    />
  );
}
