import { useQueryClient } from '@tanstack/react-query';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Select, Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type Action, useRow } from '../api';
import { useCommandForm } from '../command-form';
import { useNoLongerPossible } from '../requests/use-no-longer-possible';
import { openStages } from '../stages/chain';
import { text as stages } from '../stages/text';
import { GroupFields, PeopleFields } from './people-fields';
import { FIELDS, type ReassignValues, noValues, toBody } from './reassign-values';
import { atFields } from './refusal';
import { text } from './text';

/** Replacement of the people of an open stage by an admin, with a reason. */
export function ReassignDialog({ action, name, close }: ActionDialogProps) {
  const { reassign: t, reason } = useText(text);
  const client = useQueryClient();
  const command = useCommandForm<'reassign-stage', ReassignValues>({
    command: 'reassign-stage',
    defaultValues: noValues(String(action.body.stage)),
    fields: FIELDS,
    unsent: `reassign-stage/${String(action.body.request)}`,
    body: values => toBody(action.body, values),
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    onRefused: async cause => {
      // The present row explains a refusal that another person's act caused.
      void client.invalidateQueries({ queryKey: ['view'] });
      throw atFields(cause);
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
      <StageField action={action} command={command} />
      <PeopleFields command={command} />
      <GroupFields command={command} />
      <Field label={reason} hint={t.reasonHint} error={command.errorAt('reason')}>
        <Textarea rows={3} {...command.form.register('reason')} />
      </Field>
    </CommandDialog>
  );
}

interface StageFieldProps {
  action: Action;
  command: CommandForm<ReassignValues>;
}

/** Choice of one of the open stages. A chosen stage that has ended stays until the next choice. */
function StageField({ action, command: { form, errorAt } }: StageFieldProps) {
  const { reassign: t } = useText(text);
  const { unnamed } = useText(stages);
  const { loading } = useShellText();
  const language = useLanguage();
  const { data: row } = useRow('requests', String(action.body.request), { throwOnError: false });
  const chosen = form.watch('stage');
  const open = row ? openStages(row).map(stage => stage.planned) : [];
  return (
    <Field label={t.stage} error={errorAt('stage')}>
      <Select value={chosen} onChange={event => form.setValue('stage', event.target.value, DIRTY)}>
        {open.some(({ key }) => key === chosen) ? null : (
          <option value={chosen}>{row ? t.stageOver : loading}</option>
        )}
        {open.map(stage => (
          <option key={stage.key} value={stage.key}>
            {stage.name?.[language] ?? unnamed}
          </option>
        ))}
      </Select>
    </Field>
  );
}

const DIRTY = { shouldDirty: true };
