import { FormSection } from '@/shell/app/form/form-section';
import { useText } from '@/shell/i18n/use-text';
import { Check } from './check';
import { ConditionBuilder } from './condition-builder';
import { KINDS } from './document';
import { PlaceError } from './part-error';
import { DOCUMENT, type PolicyForm } from './policy-model';
import { text } from './text';

interface ScopeSectionProps {
  form: PolicyForm;
  onChange: (form: PolicyForm) => void;
}

/** Changes to which a policy applies. */
export function ScopeSection({ form, onChange }: ScopeSectionProps) {
  const t = useText(text);
  const place = `${DOCUMENT}/applies_to`;
  return (
    <FormSection title={t.scope} lead={t.scopeLead}>
      <fieldset className="grid gap-1.5">
        <legend className="mb-1.5 text-sm font-medium">{t.kinds}</legend>
        {KINDS.map(kind => (
          <Check
            key={kind}
            label={t.kind[kind]}
            checked={form.kinds.includes(kind)}
            onChange={isChosen => {
              const kinds = KINDS.filter(one => (one === kind ? isChosen : form.kinds.includes(one)));
              onChange({ ...form, kinds });
            }}
          />
        ))}
        <PlaceError place={`${place}/kinds`} label={t.kinds} />
      </fieldset>
      <ConditionBuilder
        label={t.condition.scope}
        place={`${place}/when`}
        group={form.when}
        onChange={when => onChange({ ...form, when })}
        empty={t.condition.always}
      />
    </FormSection>
  );
}
