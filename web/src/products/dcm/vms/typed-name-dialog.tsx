import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input, Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type CommandBody, useRow } from '../api';
import { useCommandForm } from '../command-form';
import { text } from './text';

const FIELDS = ['confirm', 'reason'] as const;

interface TypedNameDialogProps extends ActionDialogProps {
  command: 'decommission-vm' | 'confirm-gone';
  title: string;
  lead: string;
  done: string;
  /** Label and hint of a reason that may be given; without them the command takes none. */
  reason?: { label: string; hint: string };
}

/** Confirmation of an irreversible command by typing the name. The host compares the name. */
export function TypedNameDialog({
  command,
  title,
  lead,
  done,
  reason,
  action,
  name,
  close,
}: TypedNameDialogProps) {
  const t = useText(text).confirm;
  const vm = useRow('vms', String(action.body.vm), { throwOnError: false }).data;
  const now = vm?.actions.find(one => one.command === command);
  const form = useCommandForm<typeof command, { confirm: string; reason: string }>({
    command,
    defaultValues: { confirm: '', reason: '' },
    fields: FIELDS,
    body: ({ confirm, reason: given }) =>
      ({
        ...action.body,
        confirm: normalizeInput(confirm),
        ...(given.trim() ? { reason: given } : {}),
      }) as CommandBody<typeof command>,
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
      {reason ? (
        <Field label={reason.label} hint={reason.hint} error={form.errorAt('reason')}>
          <Textarea rows={3} {...form.form.register('reason')} />
        </Field>
      ) : null}
    </CommandDialog>
  );
}
