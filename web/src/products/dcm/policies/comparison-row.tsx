import { X } from 'lucide-react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { type ComparisonForm, withFact } from './condition-form';
import { FACT_NAMES, type Fact, type Operator } from './document';
import { operatorsOf } from './facts';
import { text } from './text';
import { ValueField } from './value-field';

interface ComparisonRowProps {
  comparison: ComparisonForm;
  place: string;
  onChange: (comparison: ComparisonForm) => void;
  onRemove: () => void;
}

export function ComparisonRow({ comparison, place, onChange, onRemove }: ComparisonRowProps) {
  const t = useText(text);
  const { fact, is } = comparison;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-3 @md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] @3xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)_minmax(0,3fr)_auto]">
      <Field label={t.condition.fact} className="col-span-full @3xl:col-span-1">
        <Select value={fact} onChange={event => onChange(withFact(comparison, event.target.value as Fact))}>
          {FACT_NAMES.map(name => (
            <option key={name} value={name}>
              {t.facts[name]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.condition.is} className="col-span-full @md:col-span-1">
        <Select
          value={is}
          onChange={event => onChange({ ...comparison, is: event.target.value as Operator })}
        >
          {operatorsOf(fact).map(operator => (
            <option key={operator} value={operator}>
              {t.operators[operator]}
            </option>
          ))}
        </Select>
      </Field>
      <ValueField
        comparison={comparison}
        place={place}
        onChange={value => onChange({ ...comparison, value })}
      />
      <Button
        look="quiet"
        size="icon"
        className="mt-6.5"
        aria-label={t.condition.remove(t.facts[fact])}
        onClick={onRemove}
      >
        <X aria-hidden />
      </Button>
    </div>
  );
}
