import { toast } from 'sonner';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';
import { useOvertaken } from './use-overtaken';

const COMMENT = ['comment'] as const;

/** Approval with a comment; without one a click on the button approves. */
export function ApproveDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).approve;
  const command = useCommandForm<'approve-request', { comment: string }>({
    command: 'approve-request',
    defaultValues: { comment: '' },
    fields: COMMENT,
    draft: `approve-request/${String(action.body.request)}`,
    body: ({ comment }) => ({ ...action.body, comment }) as CommandBody<'approve-request'>,
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
      overtaken={useOvertaken(action)}
      close={close}
    >
      <Field label={t.comment} hint={t.hint} error={command.errorAt('comment')}>
        <Textarea rows={4} {...command.form.register('comment')} />
      </Field>
    </CommandDialog>
  );
}
