import { Controller } from 'react-hook-form';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import type { Row } from '../api';
import { NumberInput } from './number-field';
import type { RequestValues } from './request-values';
import { text } from './text';
import type { Quoting } from './use-quote';

interface MachineFieldsProps {
  offering: Row<'offerings'>;
  command: CommandForm<RequestValues>;
  quoting: Quoting;
}

const TERM = { min: 1, max: 60 };

/** Fields for size, term and justification of a request, with the limits of the offering. */
export function MachineFields({ offering, command, quoting }: MachineFieldsProps) {
  const t = useText(text).form;
  const format = useFormat();
  const { form, errorAt } = command;
  const cpus = { min: offering.cpu_min ?? 1, max: offering.cpu_max ?? 128 };
  const memory = { min: offering.memory_gb_min ?? 1, max: offering.memory_gb_max ?? 4096 };
  const range = ({ min, max }: { min: number; max: number }) =>
    t.range(format.number(min), format.number(max));
  const number = (
    name: 'cpus' | 'memory_gb' | 'term_months',
    label: string,
    hint: string,
    limits: { min: number; max: number },
  ) => (
    <Controller
      name={name}
      control={form.control}
      render={({ field }) => (
        // Sizes are validated while they are typed; missing values are reported on submit.
        <Field label={label} hint={hint} error={errorAt(name) ?? refusedAt(quoting, name)}>
          <NumberInput what={label} {...limits} {...field} />
        </Field>
      )}
    />
  );
  return (
    <>
      <div className="grid grid-cols-[repeat(auto-fit,minmax(min(11rem,100%),1fr))] gap-6 @xl:gap-5">
        {number('cpus', t.cpus, range(cpus), cpus)}
        {number('memory_gb', t.memory, range(memory), memory)}
        {number('term_months', t.term, t.termHint, TERM)}
      </div>
      <Field label={t.why} hint={t.whyHint} error={errorAt('justification')}>
        <Textarea rows={5} {...form.register('justification')} />
      </Field>
    </>
  );
}

const refusedAt = ({ refused }: Quoting, name: string) =>
  refused.find(one => one.pointer === `/${name}`)?.message;
