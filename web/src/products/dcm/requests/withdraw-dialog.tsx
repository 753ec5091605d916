import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';
import { useNoLongerPossible } from './use-no-longer-possible';

const NONE = [] as const;

export function WithdrawDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text);
  const command = useCommandForm({
    command: 'withdraw-request',
    defaultValues: {},
    fields: NONE,
    body: () => action.body as CommandBody<'withdraw-request'>,
    onDone: () => {
      close();
      toast.success(t.withdraw.done(name));
    },
  });
  return (
    <CommandDialog
      title={t.withdraw.title(name)}
      lead={t.withdraw.lead}
      submitLabel={action.title}
      look="destructive"
      command={command}
      impossible={useNoLongerPossible(action)}
      close={close}
    />
  );
}
