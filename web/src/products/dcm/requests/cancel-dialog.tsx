import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';
import { useNoLongerPossible } from './use-no-longer-possible';

const REASON = ['reason'] as const;

/** Lists what is removed and accepts an optional reason. */
export function CancelDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).cancel;
  const command = useCommandForm<'cancel-request', { reason: string }>({
    command: 'cancel-request',
    defaultValues: { reason: '' },
    fields: REASON,
    unsent: `cancel-request/${String(action.body.request)}`,
    body: ({ reason }) => ({ ...action.body, reason }) as CommandBody<'cancel-request'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
  });
  return (
    <CommandDialog
      title={t.title(name)}
      lead={t.lead(name)}
      submitLabel={action.title}
      look="destructive"
      command={command}
      impossible={useNoLongerPossible(action)}
      close={close}
    >
      <Field label={t.reason} hint={t.hint} error={command.errorAt('reason')}>
        <Textarea rows={3} {...command.form.register('reason')} />
      </Field>
    </CommandDialog>
  );
}
