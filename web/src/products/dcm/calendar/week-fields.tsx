import { useId } from 'react';
import type { Path, UseFormReturn } from 'react-hook-form';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { PartError } from '../policies/part-error';
import { type CalendarDraft, WEEK, WEEKDAYS, type Weekday } from './calendar-draft';
import { text } from './text';

interface WeekFieldsProps {
  form: UseFormReturn<CalendarDraft>;
  errorAt: (field: Path<CalendarDraft>) => string | undefined;
}

/** Working time of each weekday; a weekday that is not chosen is no working day. */
export function WeekFields({ form, errorAt }: WeekFieldsProps) {
  const t = useText(text);
  return (
    <div className="grid gap-4">
      <PartError error={errorAt(WEEK as Path<CalendarDraft>)} label={t.week} />
      {WEEKDAYS.map(day => (
        <DayFields key={day} day={day} form={form} errorAt={errorAt} />
      ))}
    </div>
  );
}

function DayFields({ day, form, errorAt }: WeekFieldsProps & { day: Weekday }) {
  const t = useText(text);
  const id = useId();
  const name = t.weekdays[day];
  const works = form.watch(`${day}_works`);
  return (
    <div className="grid grid-cols-2 items-start gap-x-3 gap-y-2 @xl:min-h-16 @xl:grid-cols-[12rem_minmax(0,8rem)_minmax(0,8rem)]">
      <div className="col-span-2 flex items-center gap-2.5 @xl:col-span-1 @xl:mt-8">
        <input
          id={id}
          type="checkbox"
          aria-label={t.works(name)}
          className="size-4.5 shrink-0 accent-accent"
          {...form.register(`${day}_works`)}
        />
        <label htmlFor={id} className="text-sm font-medium">
          {name}
        </label>
      </div>
      {works ? (
        <>
          <Field label={t.from(name)} error={errorAt(`${day}_from`)}>
            <Input autoComplete="off" {...form.register(`${day}_from`)} />
          </Field>
          <Field label={t.to(name)} error={errorAt(`${day}_to`)}>
            <Input autoComplete="off" {...form.register(`${day}_to`)} />
          </Field>
        </>
      ) : null}
    </div>
  );
}
