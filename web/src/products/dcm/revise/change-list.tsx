import { ArrowRight } from 'lucide-react';
import { type Format, inMegabytes, useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Change } from './changes';
import { text } from './text';

interface ChangeListProps {
  changes: readonly Change[];
  currency: string | null;
}

/** Differences between two revisions of a request, with both values. */
export function ChangeList({ changes, currency }: ChangeListProps) {
  const t = useText(text);
  const format = useFormat();
  return (
    <dl className="grid gap-3 text-sm">
      {changes.map(change => (
        <div key={change.of} className="grid gap-0.5">
          <dt className="text-xs text-quiet">{labelOf(change, t)}</dt>
          {change.of === 'justification' ? (
            <dd className="font-medium">{t.reworded}</dd>
          ) : (
            <dd className="flex flex-wrap items-center gap-x-2">
              <span className="sr-only">{t.from} </span>
              <span className="text-quiet">{shown(change, 'before', currency, t, format)}</span>
              <ArrowRight aria-hidden className="size-3.5 shrink-0 text-quiet" />
              <span className="sr-only">, {t.to} </span>
              <span className="font-medium">{shown(change, 'now', currency, t, format)}</span>
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}

type Words = (typeof text)['en'];

function labelOf({ of }: Change, t: Words): string {
  const labels = { monthly_cents: t.cost, memory_gb: t.memory, term_months: t.term };
  return of in labels ? labels[of as keyof typeof labels] : t[of as 'offering' | 'cpus' | 'justification'];
}

function shown(
  change: Exclude<Change, { of: 'justification' }>,
  which: 'before' | 'now',
  currency: string | null,
  t: Words,
  format: Format,
): string {
  if (change.of === 'offering') return change[which];
  const value = change[which];
  if (change.of === 'monthly_cents') return format.money(value, currency);
  if (change.of === 'memory_gb') return format.memory(inMegabytes(value));
  return change.of === 'term_months' ? t.months(format.number(value)) : format.number(value);
}
