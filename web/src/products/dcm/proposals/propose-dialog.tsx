import { useQueryClient } from '@tanstack/react-query';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input, Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type CommandBody, type Row, useRow } from '../api';
import { useCommandForm } from '../command-form';
import { useNoLongerPossible } from '../requests/use-no-longer-possible';
import { text } from './text';

const SIZES = ['cpus', 'memory_gb', 'term_months'] as const;
const FIELDS = [...SIZES, 'comment'] as const;

type Values = Record<(typeof FIELDS)[number], string>;
type Present = Pick<Row<'approvals'>, (typeof SIZES)[number]>;

/** Approval with changes: smaller values, which the requester confirms. */
export function ProposeDialog(props: ActionDialogProps) {
  const t = useText(text).propose;
  const { data: present, isError } = useRow('approvals', String(props.action.body.request));
  if (isError) return <p role="alert">{t.unknown}</p>;
  return present ? <ProposeForm {...props} present={present} /> : null;
}

function ProposeForm({ action, name, close, present }: ActionDialogProps & { present: Present }) {
  const t = useText(text).propose;
  const format = useFormat();
  const client = useQueryClient();
  const command = useCommandForm<'propose-changes', Values>({
    command: 'propose-changes',
    defaultValues: {
      cpus: String(present.cpus),
      memory_gb: String(present.memory_gb),
      term_months: String(present.term_months),
      comment: '',
    },
    fields: FIELDS,
    unsent: `propose-changes/${String(action.body.request)}`,
    body: values => ({ ...action.body, ...changed(values, present), comment: values.comment }) as never,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    // The present row explains a refusal that another person's act caused.
    onRefused: async () => void client.invalidateQueries({ queryKey: ['view'] }),
  });
  const labels = { cpus: t.cpus, memory_gb: t.memory, term_months: t.term };
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
      <div className="grid gap-4 sm:grid-cols-3">
        {SIZES.map(size => (
          <Field
            key={size}
            label={labels[size]}
            hint={t.smaller(format.number(present[size]))}
            error={command.errorAt(size)}
          >
            <Input inputMode="numeric" autoComplete="off" {...command.form.register(size)} />
          </Field>
        ))}
      </div>
      <Field label={t.comment} hint={t.commentHint} error={command.errorAt('comment')}>
        <Textarea rows={4} {...command.form.register('comment')} />
      </Field>
    </CommandDialog>
  );
}

/** Typed values that differ from the request. The host refuses text that is no number. */
export function changed(values: Values, present: Present): Partial<CommandBody<'propose-changes'>> {
  const typed = SIZES.map(
    size => [size, readWholeNumber(values[size]) ?? normalizeInput(values[size])] as const,
  );
  return Object.fromEntries(typed.filter(([size, value]) => value !== present[size]));
}
