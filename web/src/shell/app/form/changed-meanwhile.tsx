import { UserPen } from 'lucide-react';
import { type RefObject, useId } from 'react';
import type { FieldValues, Path } from 'react-hook-form';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import type { Basis, Overtaken } from './use-basis';

interface ChangedMeanwhileProps<F extends FieldValues> {
  basis: Basis<F>;
  /** Label of the field. */
  label: (field: Path<F>) => string;
  /** Displayed value of the field, if the raw value is not readable. */
  show?: (value: unknown, field: Path<F>) => string;
  ref?: RefObject<HTMLElement | null>;
}

/**
 * Notice that another person saved while the form is open: fields that were updated, and conflicts
 * side by side.
 *
 * Sticks to the lower edge after the end of the form, so that fields do not move while the person
 * types.
 */
export function ChangedMeanwhile<F extends FieldValues>(props: ChangedMeanwhileProps<F>) {
  const { basis, label, ref } = props;
  const { basis: t } = useShellText();
  const format = useFormat();
  const title = useId();
  const { conflicts, followed, by, at, decide } = basis;
  if (conflicts.length === 0 && followed.length === 0) return null;
  const who = by ?? t.somebody;
  const show = (value: unknown, field: Path<F>) => (props.show ?? String)(value, field).trim() || t.empty;
  return (
    <section
      ref={ref}
      tabIndex={-1}
      role="status"
      aria-labelledby={title}
      className={cn(
        'sticky bottom-3 z-20 mx-3 mb-3 grid max-h-[60dvh] gap-3 overflow-y-auto rounded-xl border p-4 shadow-high',
        conflicts.length > 0 ? 'border-wait-line bg-wait-soft' : 'border-busy-line bg-busy-soft',
      )}
    >
      <p id={title} className="flex items-start gap-2.5 font-semibold">
        <UserPen aria-hidden className="mt-0.5 size-4.5 shrink-0" />
        {t.title(who, format.ago(at))}
      </p>
      {followed.length > 0 ? (
        <ul className="grid gap-1 text-sm">
          {followed.map(({ field, mine, theirs }) => (
            <li key={field}>{t.followed(label(field), show(mine, field), show(theirs, field))}</li>
          ))}
        </ul>
      ) : null}
      {conflicts.length > 0 ? <p className="text-sm">{t.decide}</p> : null}
      {conflicts.map(conflict => (
        <Conflict
          key={conflict.field}
          conflict={conflict}
          label={label(conflict.field)}
          who={who}
          show={value => show(value, conflict.field)}
          decide={whose => decide(conflict.field, whose)}
        />
      ))}
    </section>
  );
}

interface ConflictProps<F extends FieldValues> {
  conflict: Overtaken<F>;
  label: string;
  who: string;
  show: (value: unknown) => string;
  decide: (whose: 'mine' | 'theirs') => void;
}

function Conflict<F extends FieldValues>({ conflict, label, who, show, decide }: ConflictProps<F>) {
  const { basis: t } = useShellText();
  const sides = [
    { whose: 'mine', name: t.mine, value: show(conflict.mine) },
    { whose: 'theirs', name: who, value: show(conflict.theirs) },
  ] as const;
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <div className="grid grid-cols-2 gap-2">
        {sides.map(({ whose, name, value }) => (
          <div
            key={whose}
            className="grid content-between gap-2 rounded-lg border border-line bg-surface p-3"
          >
            <div className="grid gap-0.5">
              <p className="text-xs text-quiet">{name}</p>
              <p className="font-medium">{value}</p>
            </div>
            <Button size="small" aria-label={t.takeOf(label, value)} onClick={() => decide(whose)}>
              {t.take}
            </Button>
          </div>
        ))}
      </div>
    </fieldset>
  );
}
