import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { text as stages } from '../stages/text';
import { Check } from './check';
import { type ComparisonForm, joined, splitList } from './condition-form';
import { type Fact, KINDS } from './document';
import { useEditor } from './editor';
import { type FactInput, inputOf } from './facts';
import { KeySelect } from './key-select';
import { PartError } from './part-error';
import { text } from './text';

interface ValueFieldProps {
  comparison: ComparisonForm;
  place: string;
  onChange: (value: string) => void;
}

/** Value of a comparison, with the input that fits its fact. */
export function ValueField({ comparison: { fact, is, value }, place, onChange }: ValueFieldProps) {
  const t = useText(text);
  const error = useEditor().errorAt(`${place}/value`);
  const choices = useChoicesOf(fact);
  const isList = is === 'in';
  if (isList && choices && choices.size > 0)
    return <ValueChecks choices={choices} value={value} error={error} onChange={onChange} />;
  const input =
    choices && !isList ? (
      <KeySelect names={choices} value={value} onChange={onChange} />
    ) : (
      <Input
        inputMode={isList ? 'text' : MODES[inputOf(fact)]}
        autoComplete="off"
        value={value}
        onChange={event => onChange(event.target.value)}
      />
    );
  return (
    <Field label={isList ? t.condition.values : t.condition.value} error={error}>
      {input}
    </Field>
  );
}

const MODES: Partial<Record<FactInput, 'numeric' | 'decimal'>> = {
  money: 'decimal',
  count: 'numeric',
  hour: 'numeric',
};

/** Names of the possible values by key; `null`: values are typed. */
function useChoicesOf(fact: Fact): ReadonlyMap<string, string> | null {
  const t = useText(text);
  const { weekdays } = useText(stages);
  const { names } = useEditor();
  switch (inputOf(fact)) {
    case 'kind':
      return new Map(KINDS.map(kind => [kind, t.kind[kind]]));
    case 'weekday':
      return new Map(Object.entries(weekdays));
    case 'offering':
      return names.offerings;
    case 'group':
      return names.groups;
    default:
      return null;
  }
}

interface ValueChecksProps {
  choices: ReadonlyMap<string, string>;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

/** Choice of several values. */
function ValueChecks({ choices, value, error, onChange }: ValueChecksProps) {
  const t = useText(text);
  const chosen = splitList(value);
  const toggle = (key: string, isChosen: boolean) =>
    onChange(joined(isChosen ? [...chosen, key] : chosen.filter(one => one !== key)));
  return (
    <fieldset className="grid content-start gap-1.5">
      <legend className="mb-1.5 text-sm font-medium">{t.condition.value}</legend>
      {[...choices].map(([key, name]) => (
        <Check
          key={key}
          label={name}
          checked={chosen.includes(key)}
          onChange={isChosen => toggle(key, isChosen)}
        />
      ))}
      <PartError error={error} label={t.condition.value} />
    </fieldset>
  );
}
