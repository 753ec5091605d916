import { useState } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { Choice } from '@/shell/app/choose/choices';
import { ChooseInput } from '@/shell/app/choose/choose-input';
import { FormSection } from '@/shell/app/form/form-section';
import { useText } from '@/shell/i18n/use-text';
import { CheckField } from '@/shell/ui/check-field';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { COUNTS, type OfferingDraft, PRICES, suggestKey } from './offering-draft';
import { templates } from './templates';
import { text } from './text';

interface OfferingFieldsProps {
  form: UseFormReturn<OfferingDraft>;
  /** Whether the offering exists, so that its key cannot change. */
  known: boolean;
  labels: Record<keyof OfferingDraft, string>;
  errorAt: (name: keyof OfferingDraft) => string | undefined;
}

/** Sections of an offering: the machine, its limits, its price, and whether people see it. */
export function OfferingFields(props: OfferingFieldsProps) {
  const { form, labels, errorAt } = props;
  const t = useText(text);
  return (
    <>
      <MachineSection {...props} />
      <FormSection title={t.limits} lead={t.limitsLead}>
        <div className="grid gap-4 @xl:grid-cols-2">
          {COUNTS.map(name => (
            <Field key={name} label={labels[name]} error={errorAt(name)}>
              <Input inputMode="numeric" autoComplete="off" {...form.register(name)} />
            </Field>
          ))}
        </div>
      </FormSection>
      <FormSection title={t.price} lead={t.priceLead}>
        <div className="grid gap-4 @xl:grid-cols-3">
          {PRICES.map(name => (
            <Field key={name} label={labels[name]} error={errorAt(name)}>
              <Input inputMode="decimal" autoComplete="off" {...form.register(name)} />
            </Field>
          ))}
        </div>
      </FormSection>
      <FormSection title={t.availability}>
        <CheckField
          label={labels.active}
          hint={t.activeHint}
          error={errorAt('active')}
          {...form.register('active')}
        />
      </FormSection>
    </>
  );
}

function MachineSection({ form, known, labels, errorAt }: OfferingFieldsProps) {
  const t = useText(text);
  const choose = ({ value, facts: { guest } }: Choice) => {
    form.setValue('template', value, { shouldDirty: true });
    // vCenter's name of the system fills an empty field and never replaces text.
    if (form.getValues('image') === '' && typeof guest === 'string')
      form.setValue('image', guest, { shouldDirty: true });
  };
  return (
    <FormSection title={t.what}>
      <Naming form={form} known={known} labels={labels} errorAt={errorAt} />
      <Field label={labels.image} hint={t.imageHint} error={errorAt('image')}>
        <Input autoComplete="off" {...form.register('image')} />
      </Field>
      <Field label={labels.template} hint={t.templateHint} error={errorAt('template')}>
        <ChooseInput
          choosable={{ label: labels.template, where: 'vCenter', load: templates, onChoose: choose }}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          {...form.register('template')}
        />
      </Field>
      <CheckField
        label={labels.await_address}
        hint={t.awaitAddressHint}
        error={errorAt('await_address')}
        {...form.register('await_address')}
      />
    </FormSection>
  );
}

/** Name and key. The key of a new offering follows the name until it is edited. */
function Naming({ form, known, labels, errorAt }: OfferingFieldsProps) {
  const t = useText(text);
  const [ownKey, setOwnKey] = useState(known);
  const follow = (name: string) => {
    if (!ownKey) form.setValue('key', suggestKey(name));
  };
  return (
    <div className="grid gap-4 @xl:grid-cols-2">
      <Field label={labels.name} hint={t.nameHint} error={errorAt('name')}>
        <Input
          autoComplete="off"
          {...form.register('name', { onChange: event => follow(String(event.target.value)) })}
        />
      </Field>
      <Field label={labels.key} hint={known ? t.keyFixed : t.keyHint} error={errorAt('key')}>
        <Input
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          readOnly={known}
          className="font-mono read-only:bg-sunken read-only:text-quiet"
          {...form.register('key', { onChange: event => setOwnKey(known || event.target.value !== '') })}
        />
      </Field>
    </div>
  );
}
