import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Controller, useWatch } from 'react-hook-form';
import { toast } from 'sonner';
import { isProblem } from '@/shell/api/problem';
import { ActionButton } from '@/shell/app/actions/action-button';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { DraftNote } from '@/shell/app/form/draft-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input, Textarea } from '@/shell/ui/input';
import type { CommandBody, Row } from '../api';
import { useCommandForm } from '../command-form';
import { NumberInput } from './number-field';
import { QuotePanel } from './quote-panel';
import { text } from './text';
import { useQuote } from './use-quote';

/** Values as typed; numbers are converted when they are sent. */
interface Values {
  name: string;
  cpus: string;
  memory_gb: string;
  term_months: string;
  justification: string;
}

const FIELDS = ['name', 'cpus', 'memory_gb', 'term_months', 'justification'] as const;
const TERM = { min: 1, max: 60 };

const PRICE_CHANGED = 'price-changed';

interface RequestFormProps {
  offering: Row<'offerings'>;
  /** Rejected or withdrawn request to start from. */
  former: Row<'requests'> | undefined;
}

export function RequestForm({ offering, former }: RequestFormProps) {
  const t = useText(text).form;
  const format = useFormat();
  const navigate = useNavigate();
  const command = useCommandForm<'request-vm', Values>({
    command: 'request-vm',
    fields: FIELDS,
    defaultValues: useMemo(() => begin(offering, former), [offering, former]),
    // The price that was shown is part of the command: no request is accepted at a different price.
    body: values => ({ ...toBody(offering.key, values), expected_monthly_cents: quoting.seen }),
    onRefused: async cause => {
      // The next attempt sends the price that is shown then.
      if (isProblem(cause, PRICE_CHANGED)) await quoting.refetch();
    },
    draft: `request-vm/${offering.key}/${former?.key ?? ''}`,
    onDone: accepted => {
      toast.success(t.done(form.getValues('name')));
      const id = accepted.subject?.key;
      void navigate(id ? { to: '/requests/$id', params: { id } } : { to: '/requests' });
    },
  });
  const { form, errorAt } = command;
  const values = useWatch({ control: form.control });
  const quoting = useQuote(offering, toBody(offering.key, { ...begin(offering, undefined), ...values }));
  const cpus = { min: offering.cpu_min ?? 1, max: offering.cpu_max ?? 128 };
  const memory = { min: offering.memory_gb_min ?? 1, max: offering.memory_gb_max ?? 4096 };
  const range = ({ min, max }: { min: number; max: number }) =>
    t.range(format.number(min), format.number(max));
  // Sizes are validated while they are typed; missing values are reported on submit.
  const sizeError = (path: 'cpus' | 'memory_gb' | 'term_months') =>
    errorAt(path) ?? quoting.refused.find(one => one.pointer === `/${path}`)?.message;
  const closed = offering.active === false;
  const action = offering.actions.find(one => one.command === 'request-vm');
  return (
    <form
      noValidate
      onSubmit={command.submit}
      className="grid items-start gap-6 @3xl:grid-cols-[minmax(0,42rem)_20rem] @3xl:justify-between @3xl:gap-x-8"
    >
      <fieldset disabled={closed} className="grid gap-6 disabled:opacity-60">
        <DraftNote draft={command.draft} />
        <Field label={t.name} hint={t.nameHint} error={errorAt('name')}>
          <Input
            autoComplete="off"
            spellCheck={false}
            className="max-w-sm font-mono"
            {...form.register('name')}
          />
        </Field>
        <div className="grid grid-cols-[repeat(auto-fit,minmax(min(11rem,100%),1fr))] gap-6 @xl:gap-5">
          <Controller
            name="cpus"
            control={form.control}
            render={({ field }) => (
              <Field label={t.cpus} hint={range(cpus)} error={sizeError('cpus')}>
                <NumberInput what={t.cpus} {...cpus} {...field} />
              </Field>
            )}
          />
          <Controller
            name="memory_gb"
            control={form.control}
            render={({ field }) => (
              <Field label={t.memory} hint={range(memory)} error={sizeError('memory_gb')}>
                <NumberInput what={t.memory} {...memory} {...field} />
              </Field>
            )}
          />
          <Controller
            name="term_months"
            control={form.control}
            render={({ field }) => (
              <Field label={t.term} hint={t.termHint} error={sizeError('term_months')}>
                <NumberInput what={t.term} {...TERM} {...field} />
              </Field>
            )}
          />
        </div>
        <Field label={t.why} hint={t.whyHint} error={errorAt('justification')}>
          <Textarea rows={5} {...form.register('justification')} />
        </Field>
      </fieldset>
      {closed ? null : (
        <div className="@3xl:sticky @3xl:top-8 @3xl:row-span-2">
          <QuotePanel offering={offering} quoting={quoting} />
        </div>
      )}
      <div className="grid justify-items-start gap-6">
        <FormAlert alert={command.alert} />
        <ErrorSummary fields={command.invalid} />
        {closed ? null : action && !action.allowed ? (
          <ActionButton action={action} look="primary" size="large" onRun={() => undefined}>
            {t.submit}
          </ActionButton>
        ) : (
          <Button type="submit" look="primary" size="large" busy={command.busy}>
            {t.submit}
          </Button>
        )}
      </div>
    </form>
  );
}

function begin(offering: Row<'offerings'>, former: Row<'requests'> | undefined): Values {
  return {
    name: former?.vm_name ?? '',
    cpus: String(former?.cpus ?? offering.cpu_min ?? 1),
    memory_gb: String(former?.memory_gb ?? offering.memory_gb_min ?? 1),
    term_months: String(former?.term_months ?? 12),
    justification: former?.justification ?? '',
  };
}

function toBody(offering: string, values: Values): CommandBody<'request-vm'> {
  const { name, justification, cpus, memory_gb, term_months } = values;
  return {
    name: normalizeInput(name),
    offering,
    cpus: number(cpus),
    memory_gb: number(memory_gb),
    justification,
    term_months: number(term_months),
  };
}

/**
 * Keeps text that is not a number, so that the host refuses it together with all other mistakes.
 */
function number(typed: string): number {
  return readWholeNumber(typed) ?? (typed as unknown as number);
}
