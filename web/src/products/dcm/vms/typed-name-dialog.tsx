import { toast } from 'sonner';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { type CommandBody, useRow } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';

const CONFIRM = ['confirm'] as const;

interface TypedNameDialogProps extends ActionDialogProps {
  command: 'decommission-vm' | 'confirm-gone';
  title: string;
  lead: string;
  done: string;
}

/** Confirmation of an irreversible command by typing the name. The host compares the name. */
export function TypedNameDialog({ command, title, lead, done, action, name, close }: TypedNameDialogProps) {
  const t = useText(text).confirm;
  const vm = useRow('vms', String(action.body.vm), { throwOnError: false }).data;
  const now = vm?.actions.find(one => one.command === command);
  const form = useCommandForm<typeof command, { confirm: string }>({
    command,
    defaultValues: { confirm: '' },
    fields: CONFIRM,
    body: ({ confirm }) =>
      ({ ...action.body, confirm: normalizeInput(confirm) }) as CommandBody<typeof command>,
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
      look="destructive"
      command={form}
      impossible={now && !now.allowed ? now.why : null}
      close={close}
    >
      <Field
        label={t.type(name)}
        hint={vm?.vcenter_name ? t.renamed(vm.vcenter_name) : undefined}
        error={form.errorAt('confirm')}
      >
        <Input
          autoComplete="off"
          spellCheck={false}
          className="font-mono"
          {...form.form.register('confirm')}
        />
      </Field>
    </CommandDialog>
  );
}
