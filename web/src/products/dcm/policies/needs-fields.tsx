import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { useEditor } from './editor';
import type { StageForm } from './policy-model';
import { text } from './text';

interface NeedsFieldsProps {
  stage: StageForm;
  place: string;
  onChange: (changed: Partial<StageForm>) => void;
}

/** Number of approvals with which a stage passes. */
export function NeedsFields({ stage: { needs, at_least: atLeast }, place, onChange }: NeedsFieldsProps) {
  const t = useText(text).stages;
  const error = useEditor().errorAt(`${place}/needs`);
  const isQuorum = needs === 'at_least';
  return (
    <>
      <Field label={t.needs} error={isQuorum ? undefined : error}>
        <Select
          value={needs}
          onChange={event => onChange({ needs: event.target.value as StageForm['needs'] })}
        >
          {(['any', 'all', 'at_least'] as const).map(one => (
            <option key={one} value={one}>
              {t.needsAs[one]}
            </option>
          ))}
        </Select>
      </Field>
      {isQuorum ? (
        <Field label={t.atLeast} error={error}>
          <Input
            inputMode="numeric"
            autoComplete="off"
            value={atLeast}
            onChange={event => onChange({ at_least: event.target.value })}
          />
        </Field>
      ) : null}
    </>
  );
}
