import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { Check } from './check';
import { useEditor } from './editor';
import type { StageForm } from './policy-model';
import { shownName } from './stage-name';
import { text } from './text';

interface StageStartProps {
  stages: StageForm[];
  index: number;
  place: string;
  onChange: (changed: Partial<StageForm>) => void;
}

/** Beginning of a stage: at once, after the previous one, or after chosen ones. */
export function StageStart({ stages, index, place, onChange }: StageStartProps) {
  const t = useText(text).stages;
  const language = useLanguage();
  const error = useEditor().errorAt(`${place}/after`);
  const stage = stages[index];
  if (!stage) return null;
  const { key: own, starts, after } = stage;
  const toggle = (key: string, isChosen: boolean) =>
    onChange({ after: isChosen ? [...after, key] : after.filter(one => one !== key) });
  return (
    <div className="grid gap-3">
      <Field label={t.starts} error={error}>
        <Select
          value={starts}
          onChange={event => onChange({ starts: event.target.value as StageForm['starts'] })}
        >
          <option value="previous">{index === 0 ? t.first : t.startsAs.previous}</option>
          {index === 0 && starts !== 'once' ? null : <option value="once">{t.startsAs.once}</option>}
          {stages.length > 1 ? <option value="chosen">{t.startsAs.chosen}</option> : null}
        </Select>
      </Field>
      {starts === 'chosen' ? (
        <fieldset className="grid gap-1.5">
          <legend className="mb-1.5 text-sm font-medium">{t.after}</legend>
          {stages.map((other, at) =>
            other.key === own ? null : (
              <Check
                key={other.key}
                label={shownName(other, at, language, t.unnamed)}
                checked={after.includes(other.key)}
                onChange={isChosen => toggle(other.key, isChosen)}
              />
            ),
          )}
        </fieldset>
      ) : null}
    </div>
  );
}
