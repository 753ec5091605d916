import { Plus, X } from 'lucide-react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { ApproverFields } from './approver-fields';
import { Check } from './check';
import { replaced, without } from './condition-form';
import type { Finally } from './document';
import { useEditor } from './editor';
import { PlaceError } from './part-error';
import { type DeadlineForm, type EscalationForm, NEW_APPROVER, NEW_DEADLINE } from './policy-model';
import { text } from './text';

interface DeadlineFieldsProps {
  deadline: DeadlineForm | null;
  place: string;
  onChange: (deadline: DeadlineForm | null) => void;
}

/** Deadline of a stage in business hours; a stage need not have one. */
export function DeadlineFields({ deadline, place, onChange }: DeadlineFieldsProps) {
  const t = useText(text).deadline;
  return (
    <div className="grid gap-3">
      <Check
        label={t.has}
        checked={deadline !== null}
        onChange={has => onChange(has ? NEW_DEADLINE : null)}
      />
      {deadline ? <Deadline deadline={deadline} place={place} onChange={onChange} /> : null}
    </div>
  );
}

interface DeadlineProps {
  deadline: DeadlineForm;
  place: string;
  onChange: (deadline: DeadlineForm) => void;
}

function Deadline({ deadline, place, onChange }: DeadlineProps) {
  const t = useText(text).deadline;
  const { errorAt } = useEditor();
  const set = (changed: Partial<DeadlineForm>) => onChange({ ...deadline, ...changed });
  return (
    <div className="grid gap-4 border-l-2 border-line-strong/50 pl-3 sm:pl-4">
      <PlaceError place={place} label={t.has} />
      <div className="grid gap-4 @lg:grid-cols-2">
        <Field label={t.hours} error={errorAt(`${place}/hours`)}>
          <Input
            inputMode="numeric"
            autoComplete="off"
            value={deadline.hours}
            onChange={event => set({ hours: event.target.value })}
          />
        </Field>
        <Field label={t.reminders} error={errorAt(`${place}/remind_after`)}>
          <Input
            autoComplete="off"
            value={deadline.remind_after}
            onChange={event => set({ remind_after: event.target.value })}
          />
        </Field>
      </div>
      <Escalations
        steps={deadline.escalate}
        place={`${place}/escalate`}
        onChange={escalate => set({ escalate })}
      />
      <Field label={t.finally} error={errorAt(`${place}/finally`)} className="max-w-96">
        <Select value={deadline.finally} onChange={event => set({ finally: event.target.value as Finally })}>
          {(['expire', 'approve'] as const).map(end => (
            <option key={end} value={end}>
              {t.finallyAs[end]}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  );
}

interface EscalationsProps {
  steps: EscalationForm[];
  place: string;
  onChange: (steps: EscalationForm[]) => void;
}

function Escalations({ steps, place, onChange }: EscalationsProps) {
  const t = useText(text).deadline;
  const add = () => onChange([...steps, { to: { ...NEW_APPROVER, value: 'operate' }, hours: '8' }]);
  return (
    <fieldset className="grid gap-3">
      <legend className="float-left text-sm font-medium">{t.escalations}</legend>
      {steps.map((step, index) => (
        <Escalation
          key={`escalation ${String(index)}`}
          step={step}
          number={String(index + 1)}
          place={`${place}/${index}`}
          onChange={changed => onChange(replaced(steps, index, changed))}
          onRemove={() => onChange(without(steps, index))}
        />
      ))}
      <div>
        <Button size="small" onClick={add}>
          <Plus aria-hidden />
          {t.addEscalation}
        </Button>
      </div>
    </fieldset>
  );
}

interface EscalationProps {
  step: EscalationForm;
  number: string;
  place: string;
  onChange: (step: EscalationForm) => void;
  onRemove: () => void;
}

function Escalation({ step, number, place, onChange, onRemove }: EscalationProps) {
  const t = useText(text).deadline;
  const { errorAt } = useEditor();
  return (
    <div role="group" aria-label={t.escalation(number)} className="grid gap-3">
      <ApproverFields approver={step.to} place={`${place}/to`} onChange={to => onChange({ ...step, to })} />
      <div className="flex items-end gap-2">
        <Field label={t.stepHours} error={errorAt(`${place}/hours`)} className="flex-1">
          <Input
            inputMode="numeric"
            autoComplete="off"
            value={step.hours}
            onChange={event => onChange({ ...step, hours: event.target.value })}
          />
        </Field>
        <Button look="quiet" size="icon" aria-label={t.removeEscalation(number)} onClick={onRemove}>
          <X aria-hidden />
        </Button>
      </div>
    </div>
  );
}
