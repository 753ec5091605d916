import { Plus, Trash2 } from 'lucide-react';
import { useId } from 'react';
import { FormSection } from '@/shell/app/form/form-section';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { ConditionBuilder } from './condition-builder';
import { replaced, without } from './condition-form';
import { addRule } from './edit-stages';
import { NameFields } from './name-fields';
import { PlaceError } from './part-error';
import { DOCUMENT, type PolicyForm, type RuleForm } from './policy-model';
import { shownName } from './stage-name';
import { text } from './text';

interface RulesSectionProps {
  form: PolicyForm;
  onChange: (form: PolicyForm) => void;
}

/** Rules that approve a request without people. */
export function RulesSection({ form, onChange }: RulesSectionProps) {
  const t = useText(text).rules;
  const { rules } = form;
  return (
    <FormSection title={t.title} lead={t.lead}>
      <PlaceError place={`${DOCUMENT}/auto_approve`} label={t.title} />
      <ol className="grid gap-4">
        {rules.map((rule, index) => (
          <RuleCard
            key={rule.key}
            rule={rule}
            index={index}
            onChange={changed => onChange({ ...form, rules: replaced(rules, index, changed) })}
            onRemove={() => onChange({ ...form, rules: without(rules, index) })}
          />
        ))}
      </ol>
      <div>
        <Button onClick={() => onChange(addRule(form))}>
          <Plus aria-hidden />
          {t.add}
        </Button>
      </div>
    </FormSection>
  );
}

interface RuleCardProps {
  rule: RuleForm;
  index: number;
  onChange: (rule: RuleForm) => void;
  onRemove: () => void;
}

function RuleCard({ rule, index, onChange, onRemove }: RuleCardProps) {
  const t = useText(text);
  const language = useLanguage();
  const title = useId();
  const name = shownName(rule, index, language, t.rules.unnamed);
  const place = `${DOCUMENT}/auto_approve/${index}`;
  return (
    <li
      aria-labelledby={title}
      className="grid gap-4 rounded-lg border border-line bg-surface p-4 shadow-low"
    >
      <div className="flex items-center gap-1">
        <h2 id={title} className="min-w-0 flex-1 font-semibold wrap-anywhere">
          {name}
        </h2>
        <Button look="quiet" size="icon" aria-label={t.rules.remove(name)} onClick={onRemove}>
          <Trash2 aria-hidden />
        </Button>
      </div>
      <PlaceError place={place} label={name} />
      <NameFields
        names={rule}
        place={`${place}/name`}
        onChange={({ de, en }) => onChange({ ...rule, de, en })}
      />
      <ConditionBuilder
        label={t.condition.rule(name)}
        place={`${place}/when`}
        group={rule.when}
        onChange={when => onChange({ ...rule, when })}
      />
    </li>
  );
}
