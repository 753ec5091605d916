import { toast } from 'sonner';
import type { CommandBody } from '@/api/commands';
import type { ActionDialogProps } from '@/app/actions/action-plan';
import { CommandDialog } from '@/app/actions/command-dialog';
import { useCommandForm } from '@/app/form/use-command-form';
import { useText } from '@/i18n/use-text';
import { Field } from '@/ui/field';
import { Input } from '@/ui/input';
import { text } from './text';

/** The host compares what was typed; the page only asks. */
export function DecommissionDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).decommission;
  const command = useCommandForm<'decommission-vm', { confirm: string }>({
    command: 'decommission-vm',
    defaultValues: { confirm: '' },
    fields: ['confirm'],
    body: ({ confirm }) => ({ ...action.body, confirm }) as CommandBody<'decommission-vm'>,
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
      look="destructive"
      command={command}
      close={close}
    >
      <Field label={t.confirm(name)} error={command.errorAt('confirm')}>
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
