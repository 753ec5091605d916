import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { useNoLongerPossible } from '../requests/use-no-longer-possible';
import { text } from './text';

const TEXT = ['text'] as const;

/** Refusal of the proposed changes, with a reason if the requester gives one. */
export function DeclineDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).decline;
  const command = useCommandForm<'decline-changes', { text: string }>({
    command: 'decline-changes',
    defaultValues: { text: '' },
    fields: TEXT,
    unsent: `decline-changes/${String(action.body.request)}`,
    body: ({ text: reason }) =>
      ({ ...action.body, ...(reason.trim() ? { text: reason } : {}) }) as CommandBody<'decline-changes'>,
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
    >
      <Field label={t.reason} hint={t.reasonHint} error={command.errorAt('text')}>
        <Textarea rows={4} {...command.form.register('text')} />
      </Field>
    </CommandDialog>
  );
}
