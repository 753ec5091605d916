import { useQueryClient } from '@tanstack/react-query';
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

const QUESTION = ['question'] as const;

/** Question of a person who may decide, to the requester. */
export function AskBackDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).ask;
  const client = useQueryClient();
  const command = useCommandForm<'ask-back', { question: string }>({
    command: 'ask-back',
    defaultValues: { question: '' },
    fields: QUESTION,
    unsent: `ask-back/${String(action.body.request)}`,
    body: ({ question }) => ({ ...action.body, question }) as CommandBody<'ask-back'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    // The present row explains a refusal that another person's act caused.
    onRefused: async () => void client.invalidateQueries({ queryKey: ['view'] }),
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
      <Field label={t.question} hint={t.hint} error={command.errorAt('question')}>
        <Textarea rows={4} {...command.form.register('question')} />
      </Field>
    </CommandDialog>
  );
}
