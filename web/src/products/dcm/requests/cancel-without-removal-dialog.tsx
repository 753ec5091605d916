import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';
import { useNoLongerPossible } from './use-no-longer-possible';

const CONFIRM = ['confirm'] as const;

/** Explains what is unknown and what confirming means; the name must be typed. */
export function CancelWithoutRemovalDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).cancelElsewhere;
  const command = useCommandForm<'cancel-without-removal', { confirm: string }>({
    command: 'cancel-without-removal',
    defaultValues: { confirm: '' },
    fields: CONFIRM,
    body: ({ confirm }) =>
      ({ ...action.body, confirm: normalizeInput(confirm) }) as CommandBody<'cancel-without-removal'>,
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
      <Field label={t.type(name)} error={command.errorAt('confirm')}>
        <Input
          autoComplete="off"
          spellCheck={false}
          className="font-mono"
          {...command.form.register('confirm')}
        />
      </Field>
    </CommandDialog>
  );
}
