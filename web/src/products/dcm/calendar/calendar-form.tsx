import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { type Path, useForm } from 'react-hook-form';
import { Problem, isProblem } from '@/shell/api/problem';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { FormSection } from '@/shell/app/form/form-section';
import { resetToStored } from '@/shell/app/form/reset-to-stored';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type CommandBody, useCommand } from '../api';
import {
  CALENDAR_FIELDS,
  type CalendarDraft,
  STATES,
  WEEK,
  WEEKDAYS,
  ZONES,
  atFields,
  toCalendar,
  toDraft,
} from './calendar-draft';
import { DaysOff } from './days-off';
import { text } from './text';
import { WeekFields } from './week-fields';

interface CalendarFormProps {
  /** Stored calendar, or the default one. */
  stored: Stored<CalendarDraft>;
  /** Revision that the view shows; 0: no calendar was set. */
  revision: number;
  /** Reason why this person may not save. */
  refused: string | null;
}

const PLACES = [...CALENDAR_FIELDS, WEEK] as Path<CalendarDraft>[];

export function CalendarForm({ stored, revision, refused }: CalendarFormProps) {
  const t = useText(text);
  const client = useQueryClient();
  const form = useForm<CalendarDraft>({ defaultValues: stored.values, shouldFocusError: false });
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, PLACES);
  const unsent = useUnsentInput(form, { name: 'calendar', fields: CALENDAR_FIELDS });
  const basis = useBasis(form, CALENDAR_FIELDS, stored, unsent);
  const { mutateAsync } = useCommand('set-calendar');
  const panel = useRef<HTMLElement>(null);
  const labels = useLabels();

  const send = async (typed: CalendarDraft) => {
    if (basis.conflicts.length > 0) return panel.current?.focus();
    const document = toCalendar(typed);
    const calendar = document as unknown as CommandBody<'set-calendar'>['calendar'];
    await mutateAsync({ calendar, revision }).catch(async (cause: unknown) => {
      if (isProblem(cause, 'calendar-changed')) await client.invalidateQueries({ queryKey: ['view'] });
      throw cause instanceof Problem ? atFields(cause) : cause;
    });
    resetToStored(form, CALENDAR_FIELDS, { sent: typed, stored: toDraft(document) });
    unsent.forget();
    toast.success(t.saved);
  };

  const show = (value: unknown) => (typeof value === 'boolean' ? (value ? t.yes : t.no) : String(value));
  return (
    <form
      noValidate
      onSubmit={event => void run(event, send)}
      className="max-w-3xl rounded-xl border border-line bg-surface shadow-low"
    >
      <UnsentSection unsent={unsent} />
      <FormSection title={t.week} lead={t.weekLead}>
        <Field label={t.zone} error={errorAt('zone')} className="max-w-80">
          <Select {...form.register('zone')}>
            {ZONES.map(zone => (
              <option key={zone}>{zone}</option>
            ))}
          </Select>
        </Field>
        <WeekFields form={form} errorAt={errorAt} />
      </FormSection>
      <FormSection title={t.holidays}>
        <Field label={t.state} error={errorAt('state')} className="max-w-80">
          <Select {...form.register('state')}>
            <option value="">{t.noState}</option>
            {STATES.map(state => (
              <option key={state} value={state}>
                {t.states[state]}
              </option>
            ))}
          </Select>
        </Field>
        <DaysOff
          days={form.watch('days_off')}
          error={errorAt('days_off')}
          onChange={days => form.setValue('days_off', days, { shouldDirty: true })}
        />
        <input type="hidden" {...form.register('days_off')} />
      </FormSection>
      <div className="grid gap-4 p-5 sm:p-6">
        <FormAlert alert={alert} />
        <ErrorSummary fields={invalid} />
        <div className="flex flex-wrap justify-end gap-2">
          <SubmitButton busy={busy} refused={refused}>
            {t.save}
          </SubmitButton>
        </div>
      </div>
      <ChangedMeanwhile ref={panel} basis={basis} label={field => labels[field] ?? field} show={show} />
    </form>
  );
}

/** Labels of the fields. */
function useLabels(): Record<string, string> {
  const t = useText(text);
  const days = WEEKDAYS.flatMap(day => {
    const name = t.weekdays[day];
    return [
      [`${day}_works`, t.works(name)],
      [`${day}_from`, t.from(name)],
      [`${day}_to`, t.to(name)],
    ];
  });
  return { zone: t.zone, state: t.state, days_off: t.daysOff, ...Object.fromEntries(days) };
}
