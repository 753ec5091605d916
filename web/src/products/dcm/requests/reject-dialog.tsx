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

export function RejectDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text);
  const command = useCommandForm<'reject-request', { reason: string }>({
    command: 'reject-request',
    defaultValues: { reason: '' },
    fields: REASON,
    unsent: `reject-request/${String(action.body.request)}`,
    body: ({ reason }) => ({ ...action.body, reason }) as CommandBody<'reject-request'>,
    onDone: () => {
      close();
      toast.success(t.reject.done(name));
    },
  });
  return (
    <CommandDialog
      title={t.reject.title(name)}
      lead={t.reject.lead}
      submitLabel={action.title}
      look="destructive"
      command={command}
      impossible={useNoLongerPossible(action)}
      close={close}
    >
      <Field label={t.reject.reason} hint={t.reject.hint} error={command.errorAt('reason')}>
        <Textarea rows={4} {...command.form.register('reason')} />
      </Field>
    </CommandDialog>
  );
}
