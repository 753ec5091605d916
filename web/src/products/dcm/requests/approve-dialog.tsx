import { useState } from 'react';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { CommandBody } from '../api';
import { useCommandForm } from '../command-form';
import { type ChangedOffer, changedOffer, withoutChange } from './changed-offer';
import { ChangedOfferNote } from './changed-offer-note';
import { text } from './text';
import { useNoLongerPossible } from './use-no-longer-possible';

const COMMENT = ['comment'] as const;

export interface ApproveDialogProps extends ActionDialogProps {
  /** Change because of which an approval was refused. */
  refusedFor?: ChangedOffer;
}

/**
 * Approval with a comment; without one a click on the button approves. If price or offering have
 * changed, the person sees both before they approve, and the command contains the new price.
 */
export function ApproveDialog({ action, name, close, refusedFor }: ApproveDialogProps) {
  const t = useText(text).approve;
  const format = useFormat();
  const [changed, setChanged] = useState(refusedFor ?? null);
  const seen = changed ? { expected_monthly_cents: changed.monthly_cents } : {};
  const command = useCommandForm<'approve-request', { comment: string }>({
    command: 'approve-request',
    defaultValues: { comment: '' },
    fields: COMMENT,
    unsent: `approve-request/${String(action.body.request)}`,
    body: ({ comment }) => ({ ...action.body, comment, ...seen }) as CommandBody<'approve-request'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    onRefused: async cause => setChanged(changedOffer(cause) ?? changed),
  });
  return (
    <CommandDialog
      title={changed ? t.changed.title(name) : t.title(name)}
      lead={changed ? t.changed.lead : t.lead}
      submitLabel={
        changed ? t.changed.submit(format.money(changed.monthly_cents, changed.currency)) : action.title
      }
      look="primary"
      command={withoutChange(command)}
      impossible={useNoLongerPossible(action)}
      close={close}
    >
      {changed ? <ChangedOfferNote changed={changed} /> : null}
      <Field label={t.comment} hint={t.hint} error={command.errorAt('comment')}>
        <Textarea rows={4} {...command.form.register('comment')} />
      </Field>
    </CommandDialog>
  );
}
