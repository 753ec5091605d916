import { Plus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { FormSection } from '@/shell/app/form/form-section';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Check } from './check';
import { replaced } from './condition-form';
import { addStage, moveStage, removeStage } from './edit-stages';
import { PlaceError } from './part-error';
import { DOCUMENT, type PolicyForm } from './policy-model';
import { StageCard } from './stage-card';
import { shownName } from './stage-name';
import { text } from './text';
import { useCardDrag } from './use-card-drag';

interface StagesSectionProps {
  form: PolicyForm;
  onChange: (form: PolicyForm) => void;
}

/** Stages of a policy as cards, which are moved by the pointer or by buttons. */
export function StagesSection({ form, onChange }: StagesSectionProps) {
  const t = useText(text);
  const language = useLanguage();
  const { stages } = form;
  const [said, setSaid] = useState('');
  const focusNext = useFocusAfterChange(stages);
  const nameOf = (index: number) => {
    const stage = stages[index];
    return stage ? shownName(stage, index, language, t.stages.unnamed) : '';
  };
  const move = (from: number, to: number) => {
    const moved = moveStage(form, from, to);
    if (moved === form) return;
    onChange(moved);
    setSaid(t.stages.moved(nameOf(from), String(to + 1), String(stages.length)));
  };
  const drag = useCardDrag(move);
  const remove = (index: number) => {
    onChange(removeStage(form, index));
    setSaid(t.stages.removed(nameOf(index)));
    focusNext(ADD);
  };
  const add = () => {
    onChange(addStage(form));
    setSaid(t.stages.added(t.stages.unnamed(String(stages.length + 1))));
  };
  const mayTimeOut = stages.some(({ deadline }) => deadline?.finally === 'approve');
  return (
    <FormSection title={t.stages.title} lead={t.stages.lead}>
      <p role="status" className="sr-only">
        {said}
      </p>
      <PlaceError place={`${DOCUMENT}/stages`} label={t.stages.title} />
      <ol className="grid gap-4">
        {stages.map((stage, index) => (
          <StageCard
            key={stage.key}
            stages={stages}
            index={index}
            place={`${DOCUMENT}/stages/${index}`}
            drag={drag(index)}
            onChange={changed => onChange({ ...form, stages: replaced(stages, index, changed) })}
            onMove={by => {
              move(index, index + by);
              focusNext(`${stage.key}-${by < 0 ? 'up' : 'down'}`);
            }}
            onRemove={() => remove(index)}
          />
        ))}
      </ol>
      <div>
        <Button id={ADD} onClick={add}>
          <Plus aria-hidden />
          {t.stages.add}
        </Button>
      </div>
      {mayTimeOut || form.allow_timeout_approval ? (
        <Check
          label={t.deadline.allow}
          hint={t.deadline.allowHint}
          checked={form.allow_timeout_approval}
          onChange={allowed => onChange({ ...form, allow_timeout_approval: allowed })}
        />
      ) : null}
    </FormSection>
  );
}

/** Id of the button that adds a stage. */
const ADD = 'add-stage';

/** Focuses an element after the list has changed, because a moved element loses its focus. */
function useFocusAfterChange(list: unknown): (id: string) => void {
  const next = useRef<string | null>(null);
  useEffect(() => {
    if (next.current) document.getElementById(next.current)?.focus();
    next.current = null;
  }, [list]);
  return id => {
    next.current = id;
  };
}
