import { useState } from 'react';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { CommandDialog } from '@/shell/app/actions/command-dialog';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import { type CommandBody, useRow } from '../api';
import { useCommandForm } from '../command-form';
import { type ChangedOffer, changedOffer, withoutChange } from '../requests/changed-offer';
import { ChangedOfferNote } from '../requests/changed-offer-note';
import { useNoLongerPossible } from '../requests/use-no-longer-possible';
import { ProposalNote } from './proposal-note';
import { text } from './text';

const NONE = [] as const;

/**
 * Confirmation of the proposed changes. If the price has changed since the proposal, the requester
 * sees the new price before the command contains it.
 */
export function ConfirmDialog({ action, name, close }: ActionDialogProps) {
  const t = useText(text).confirm;
  const format = useFormat();
  const { data: row } = useRow('requests', String(action.body.request));
  const [offer, setOffer] = useState<ChangedOffer | null>(null);
  const seen = offer ? { expected_monthly_cents: offer.monthly_cents } : {};
  const command = useCommandForm<'confirm-changes', Record<string, never>>({
    command: 'confirm-changes',
    defaultValues: {},
    fields: NONE,
    body: () => ({ ...action.body, ...seen }) as CommandBody<'confirm-changes'>,
    onDone: () => {
      close();
      toast.success(t.done(name));
    },
    onRefused: async cause => setOffer(changedOffer(cause) ?? offer),
  });
  return (
    <CommandDialog
      title={t.title(name)}
      lead={t.lead}
      submitLabel={offer ? t.submit(format.money(offer.monthly_cents, offer.currency)) : action.title}
      look="primary"
      command={withoutChange(command)}
      impossible={useNoLongerPossible(action)}
      close={close}
    >
      {offer ? <ChangedOfferNote changed={offer} /> : row ? <ProposalNote row={row} /> : null}
    </CommandDialog>
  );
}
