import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';

const REASON = ['reason'] as const;

type Command = 'publish-policy' | 'retire-policy';

interface ReasonDialogProps extends ActionDialogProps {
  command: Command;
  look: 'primary' | 'destructive';
  title: string;
  lead: string;
  done: string;
}

/** Dialog for a command that needs a reason. */
function ReasonDialog({ action, close, command, look, title, lead, done }: ReasonDialogProps) {
  const t = useText(text).publish;
  const form = useCommandForm<Command, { reason: string }>({
    command,
    defaultValues: { reason: '' },
    fields: REASON,
    unsent: `${command}/${String(action.body.policy)}`,
    body: ({ reason }) => ({ ...action.body, reason }) as CommandBody<Command>,
    onDone: () => {
      close();
      toast.success(done);
    },
  });
  return (
    <CommandDialog
      title={title}
      lead={lead}
      submitLabel={action.title}
      look={look}
      command={form}
      close={close}
    >
      <Field label={t.reason} hint={t.hint} error={form.errorAt('reason')}>
        <Textarea rows={4} {...form.form.register('reason')} />
      </Field>
    </CommandDialog>
  );
}

export function PublishDialog(props: ActionDialogProps) {
  const t = useText(text).publish;
  return (
    <ReasonDialog
      {...props}
      command="publish-policy"
      look="primary"
      title={t.title(props.name)}
      lead={t.lead}
      done={t.done(props.name)}
    />
  );
}

export function RetireDialog(props: ActionDialogProps) {
  const t = useText(text).retire;
  return (
    <ReasonDialog
      {...props}
      command="retire-policy"
      look="destructive"
      title={t.title(props.name)}
      lead={t.lead}
      done={t.done(props.name)}
    />
  );
}
