import { FolderPlus, Plus, X } from 'lucide-react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { ComparisonRow } from './comparison-row';
import {
  type GroupForm,
  type GroupType,
  NEW_COMPARISON,
  type PartForm,
  partPointers,
  replaced,
  without,
} from './condition-form';
import { PlaceError } from './part-error';
import { text } from './text';

interface ConditionBuilderProps {
  label: string;
  /** JSON pointer of the condition in the command. */
  place: string;
  group: GroupForm;
  onChange: (group: GroupForm) => void;
  /** Sentence about an empty condition; a required condition has none. */
  empty?: string;
}

/** Condition as nested groups of comparisons. */
export function ConditionBuilder({ label, place, group, onChange, empty }: ConditionBuilderProps) {
  return (
    <fieldset className="grid gap-3">
      <legend className="float-left text-sm font-medium">{label}</legend>
      {group.parts.length === 0 && empty ? <p className="text-sm text-quiet">{empty}</p> : null}
      <PlaceError place={place} label={label} />
      <Group group={group} place={place} root onChange={onChange} />
    </fieldset>
  );
}

interface GroupProps {
  group: GroupForm;
  place: string;
  root?: boolean;
  onChange: (group: GroupForm) => void;
}

function Group({ group, place, root = false, onChange }: GroupProps) {
  const t = useText(text).condition;
  const { type, parts } = group;
  const places = partPointers(group, place, root);
  const setParts = (changed: PartForm[]) => onChange({ ...group, parts: changed });
  const addGroup: GroupForm = { type: 'any', parts: [NEW_COMPARISON] };
  return (
    <div className="grid gap-3">
      {parts.length > 0 ? (
        <Field label={t.group} className="max-w-80">
          <Select
            value={type}
            onChange={event => onChange({ ...group, type: event.target.value as GroupType })}
          >
            {(['all', 'any', 'none'] as const).map(one => (
              <option key={one} value={one}>
                {t.types[one]}
              </option>
            ))}
          </Select>
        </Field>
      ) : null}
      {parts.map((part, index) => {
        const at = places[index] ?? place;
        return (
          <Part
            key={`part ${String(index)}`}
            part={part}
            place={at}
            onChange={changed => setParts(replaced(parts, index, changed))}
            onRemove={() => setParts(without(parts, index))}
          />
        );
      })}
      <div className="flex flex-wrap gap-2">
        <Button size="small" onClick={() => setParts([...parts, NEW_COMPARISON])}>
          <Plus aria-hidden />
          {t.add}
        </Button>
        <Button size="small" look="quiet" onClick={() => setParts([...parts, addGroup])}>
          <FolderPlus aria-hidden />
          {t.addGroup}
        </Button>
      </div>
    </div>
  );
}

interface PartProps {
  part: PartForm;
  place: string;
  onChange: (part: PartForm) => void;
  onRemove: () => void;
}

function Part({ part, place, onChange, onRemove }: PartProps) {
  const t = useText(text).condition;
  if (part.type === 'comparison')
    return <ComparisonRow comparison={part} place={place} onChange={onChange} onRemove={onRemove} />;
  return (
    <div className="grid gap-3 border-l-2 border-line-strong/50 pl-3 sm:pl-4">
      <PlaceError place={place} label={t.group} />
      <Group group={part} place={place} onChange={onChange} />
      <div>
        <Button size="small" look="quiet" onClick={onRemove}>
          <X aria-hidden />
          {t.removeGroup}
        </Button>
      </div>
    </div>
  );
}
