import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useWatch } from 'react-hook-form';
import { isProblem } from '@/shell/api/problem';
import { UnsentNote } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { Action, CommandBody, Row } from '../api';
import { MachineFields } from '../catalogue/machine-fields';
import { QuotePanel } from '../catalogue/quote-panel';
import { type RequestValues, toBody, valuesOf } from '../catalogue/request-values';
import { useQuote } from '../catalogue/use-quote';
import { useCommandForm } from '../command-form';
import { presentDecisions } from '../stages/approval';
import { changesOf } from './changes';
import { ChangesPanel } from './changes-panel';
import { text } from './text';

const FIELDS = ['offering', 'cpus', 'memory_gb', 'term_months', 'justification'] as const;

interface ReviseFormProps {
  request: Row<'requests'>;
  /** All offerings; closed ones only for the request that has one. */
  offerings: Row<'offerings'>[];
  action: Action;
}

/** Form for a new revision of a request, with its price, its approval and its differences. */
export function ReviseForm({ request, offerings, action }: ReviseFormProps) {
  const t = useText(text);
  const { command, values, offering, quoting } = useRevision({ request, offerings, action });
  const changes = changesOf(request, values, {
    offering_name: offering?.name ?? '',
    monthly_cents: quoting.waiting ? undefined : quoting.quote?.monthly_cents,
  });
  return (
    <form
      noValidate
      onSubmit={command.submit}
      className="grid items-start gap-6 @3xl:grid-cols-[minmax(0,42rem)_20rem] @3xl:grid-rows-[auto_1fr] @3xl:justify-between @3xl:gap-x-8"
    >
      <fieldset className="grid min-w-0 gap-6">
        <UnsentNote unsent={command.unsent} />
        {presentDecisions(request).length > 0 ? <Alert tone="wait" title={t.decided} /> : null}
        <OfferingField request={request} offerings={offerings} command={command} />
        <MachineFields offering={offering ?? NO_OFFERING} command={command} quoting={quoting} />
      </fieldset>
      <div className="grid gap-6 @3xl:sticky @3xl:top-8 @3xl:row-span-2">
        <ChangesPanel changes={changes} currency={offering?.currency ?? request.currency} />
        <QuotePanel offering={offering ?? NO_OFFERING} quoting={quoting} />
      </div>
      <div className="grid justify-items-start gap-6">
        <FormAlert alert={command.alert} />
        <ErrorSummary fields={command.invalid} />
        <Button type="submit" look="primary" size="large" busy={command.busy}>
          {t.submit}
        </Button>
      </div>
    </form>
  );
}

/** Limits and price of an offering that the person may not read. */
const NO_OFFERING = { key: '' } as Row<'offerings'>;

function useRevision({ request, offerings, action }: ReviseFormProps) {
  const t = useText(text);
  const navigate = useNavigate();
  const find = (key: string) => offerings.find(one => one.key === key);
  const [initial] = useState(() => ({
    ...valuesOf(NO_OFFERING, request),
    offering: request.offering ?? '',
  }));
  const bodyOf = (values: RequestValues) => {
    const { offering, cpus, memory_gb, term_months, justification } = toBody(values);
    const revised = { offering, cpus, memory_gb, term_months, justification };
    return { ...action.body, ...revised } as CommandBody<'revise-request'>;
  };
  const command: CommandForm<RequestValues> = useCommandForm<'revise-request', RequestValues>({
    command: 'revise-request',
    fields: FIELDS,
    defaultValues: initial,
    // The price that was shown is part of the command: no revision is accepted at another price.
    body: values => ({ ...bodyOf(values), expected_monthly_cents: quoting.seen }),
    onRefused: async cause => {
      if (isProblem(cause, 'price-changed')) await quoting.refetch();
    },
    unsent: `revise-request/${request.key}/${String(request.revision)}`,
    onDone: () => {
      toast.success(t.done(request.vm_name ?? ''));
      void navigate({ to: '/requests/$id', params: { id: request.key } });
    },
  });
  const values = { ...initial, ...useWatch({ control: command.form.control }) };
  const offering = find(values.offering);
  const body = bodyOf(values);
  const quoting = useQuote(offering ?? NO_OFFERING, { command: 'revise-request', body });
  return { command, values, offering, quoting };
}

type OfferingFieldProps = Pick<ReviseFormProps, 'request' | 'offerings'> & {
  command: CommandForm<RequestValues>;
};

/** Choice of an active offering; the request's own stays although it was closed. */
function OfferingField({ request, offerings, command: { form, errorAt } }: OfferingFieldProps) {
  const t = useText(text);
  const chosen = offerings.filter(one => one.active || one.key === request.offering);
  const listed = chosen.some(one => one.key === request.offering);
  return (
    <Field label={t.offering} error={errorAt('offering')} className="max-w-sm">
      <Select {...form.register('offering')}>
        {listed ? null : (
          <option value={request.offering ?? ''}>{t.closedOffering(request.offering_name ?? '')}</option>
        )}
        {chosen.map(one => (
          <option key={one.key} value={one.key}>
            {one.active ? one.name : t.closedOffering(one.name ?? '')}
          </option>
        ))}
      </Select>
    </Field>
  );
}
