import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useWatch } from 'react-hook-form';
import { isProblem } from '@/shell/api/problem';
import { ActionButton } from '@/shell/app/actions/action-button';
import { UnsentNote } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import type { SavedDraft } from '@/shell/features/drafts/drafts';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import type { Row } from '../api';
import { useCommandForm } from '../command-form';
import { valuesOfDraft } from './draft-values';
import { MachineFields } from './machine-fields';
import { MoreNames } from './more-names';
import { QuotePanel } from './quote-panel';
import { type RequestValues, toBody, valuesOf } from './request-values';
import { DraftAlert, SaveDraft } from './save-draft';
import { text } from './text';
import { useDraftSaving } from './use-draft-saving';
import { useQuote } from './use-quote';

/** Rows of further machines whose input is stored and whose errors are shown at their fields. */
const ROWS = Array.from({ length: 40 }, (_, index) => `more_names.${index}` as const);

const FIELDS = ['name', ...ROWS, 'cpus', 'memory_gb', 'term_months', 'justification'] as const;

const PRICE_CHANGED = 'price-changed';

interface RequestFormProps {
  offering: Row<'offerings'>;
  /** Request to start from. */
  former: Row<'requests'> | undefined;
  /** Saved draft to continue. */
  draft?: SavedDraft | undefined;
}

export function RequestForm({ offering, former, draft }: RequestFormProps) {
  const t = useText(text).form;
  const format = useFormat();
  const navigate = useNavigate();
  // A draft that is saved from this form does not reset the form.
  const [continued] = useState(draft);
  const saving = useDraftSaving({
    continued,
    values: () => structuredClone(form.getValues()),
    unnamed: useText(text).drafts.unnamed(offering.name ?? offering.key),
    onSaved: typed => {
      command.unsent.forget();
      // Input of the meantime stays, and differs from the saved values.
      form.reset(typed, { keepValues: true });
    },
  });
  const command = useCommandForm<'request-vm', RequestValues>({
    command: 'request-vm',
    fields: FIELDS,
    defaultValues: useMemo(
      () => ({ ...valuesOf(offering, former), ...valuesOfDraft(continued), offering: offering.key }),
      [offering, former, continued],
    ),
    // The price that was shown is part of the command: no request is accepted at a different price.
    body: values => ({ ...toBody(values), expected_monthly_cents: quoting.seen }),
    onRefused: async cause => {
      // The next attempt sends the price that is shown then.
      if (isProblem(cause, PRICE_CHANGED)) await quoting.refetch();
    },
    unsent: `request-vm/${offering.key}/${saving.id ?? former?.key ?? ''}`,
    onDone: accepted => {
      saving.deleteSaved();
      const { name, more_names } = form.getValues();
      const machines = more_names.length + 1;
      toast.success(machines > 1 ? t.doneAll(format.number(machines)) : t.done(name));
      const id = accepted.subject?.key;
      void navigate(id ? { to: '/requests/$id', params: { id } } : { to: '/requests' });
    },
  });
  const { form } = command;
  const values = useWatch({ control: form.control });
  const quoting = useQuote(offering, {
    command: 'request-vm',
    body: toBody({ ...valuesOf(offering, undefined), ...values }),
  });
  const closed = offering.active === false;
  const action = offering.actions.find(one => one.command === 'request-vm');
  return (
    <form
      noValidate
      onSubmit={event => (saving.busy ? event.preventDefault() : command.submit(event))}
      className="grid items-start gap-6 @3xl:grid-cols-[minmax(0,42rem)_20rem] @3xl:justify-between @3xl:gap-x-8"
    >
      <fieldset disabled={closed} className="grid gap-6 disabled:opacity-60">
        <UnsentNote unsent={command.unsent} />
        <MoreNames command={command} />
        <MachineFields offering={offering} command={command} quoting={quoting} />
      </fieldset>
      {closed ? null : (
        <div className="@3xl:sticky @3xl:top-8 @3xl:row-span-2">
          <QuotePanel offering={offering} quoting={quoting} />
        </div>
      )}
      <div className="grid justify-items-start gap-6">
        <FormAlert alert={command.alert} />
        <DraftAlert saving={saving} />
        <ErrorSummary fields={command.invalid} />
        {closed ? null : action && !action.allowed ? (
          <ActionButton action={action} look="primary" size="large" onRun={() => undefined}>
            {t.submit}
          </ActionButton>
        ) : (
          <div className="flex flex-wrap gap-3">
            <Button type="submit" look="primary" size="large" busy={command.busy} aria-disabled={saving.busy}>
              {t.submit}
            </Button>
            <SaveDraft saving={saving} disabled={command.busy} />
          </div>
        )}
      </div>
    </form>
  );
}
