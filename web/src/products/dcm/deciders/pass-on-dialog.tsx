import { useQueryClient } from '@tanstack/react-query';
import { useWatch } from 'react-hook-form';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { PersonInput } from '@/shell/app/people/person-input';
import { colleaguesSource } from '@/shell/features/deputy/deputies';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { useNoLongerPossible } from '../requests/use-no-longer-possible';
import { withoutPerson } from './refusal';
import { text } from './text';

const FIELDS = ['to', 'toName', 'reason'] as const;

interface Values {
  /** Actor id of the person who decides instead; empty: none is chosen. */
  to: string;
  toName: string;
  reason: string;
}

/** Handover of the caller's decision to another person, with a reason. */
export function PassOnDialog({ action, name, close }: ActionDialogProps) {
  const { passOn: t, reason } = useText(text);
  const command = usePassOn({ action, name, close });
  const { form, errorAt } = command;
  const toName = useWatch({ control: form.control, name: 'toName' });
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
      <Field label={t.to} hint={t.toHint} error={errorAt('to')}>
        <PersonInput
          label={t.to}
          name={toName}
          source={colleaguesSource}
          onChange={person => {
            form.setValue('to', person?.actor ?? '', { shouldDirty: true });
            form.setValue('toName', person?.name ?? '', { shouldDirty: true });
          }}
        />
      </Field>
      <Field label={reason} hint={t.reasonHint} error={errorAt('reason')}>
        <Textarea rows={4} {...form.register('reason')} />
      </Field>
    </CommandDialog>
  );
}

function usePassOn({ action, name, close }: ActionDialogProps) {
  const { passOn: t } = useText(text);
  const client = useQueryClient();
  const command: CommandForm<Values> = useCommandForm<'pass-on-decision', Values>({
    command: 'pass-on-decision',
    defaultValues: { to: '', toName: '', reason: '' },
    fields: FIELDS,
    unsent: `pass-on-decision/${String(action.body.request)}`,
    body: ({ to, reason }) => ({ ...action.body, to, reason }) as CommandBody<'pass-on-decision'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    onRefused: async cause => {
      // The present row explains a refusal that another person's act caused.
      void client.invalidateQueries({ queryKey: ['view'] });
      if (command.form.getValues('to') === '') throw withoutPerson(cause, t.toMissing);
    },
  });
  return command;
}
