import { useState } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import { FormSection } from '@/shell/app/form/form-section';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { suggestKey } from '../offerings/offering-draft';
import { useEditor } from './editor';
import type { PolicyDraft } from './policy-draft';
import { text } from './text';

interface NamingSectionProps {
  form: UseFormReturn<PolicyDraft>;
  /** Whether the policy exists, so that its key cannot change. */
  known: boolean;
}

/** Names of a policy. The key of a new one follows its English name until it is edited. */
export function NamingSection({ form, known }: NamingSectionProps) {
  const t = useText(text);
  const { errorAt } = useEditor();
  const [ownKey, setOwnKey] = useState(false);
  const follow = (name: string) => {
    if (!known && !ownKey) form.setValue('policy', suggestKey(name), { shouldDirty: true });
  };
  return (
    <FormSection title={t.basics}>
      <div className="grid gap-4 @lg:grid-cols-2">
        <Field label={t.nameDe} error={errorAt('/name_de')}>
          <Input autoComplete="off" {...form.register('name_de')} />
        </Field>
        <Field label={t.nameEn} error={errorAt('/name_en')}>
          <Input
            autoComplete="off"
            {...form.register('name_en', { onChange: event => follow(String(event.target.value)) })}
          />
        </Field>
      </div>
      {known ? null : (
        <Field label={t.key} hint={t.keyHint} error={errorAt('/policy')} className="max-w-96">
          <Input
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            className="font-mono"
            {...form.register('policy', { onChange: event => setOwnKey(event.target.value !== '') })}
          />
        </Field>
      )}
    </FormSection>
  );
}
