import { ArrowRight } from 'lucide-react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { ChangedOffer } from './changed-offer';
import { text } from './text';

/** Former and present values of an offering that has changed since the request. */
export function ChangedOfferNote({ changed }: { changed: ChangedOffer }) {
  const t = useText(text).approve.changed;
  const format = useFormat();
  const { expected_cents, monthly_cents, currency, closed, template } = changed;
  const money = (cents: number) => format.money(cents, currency);
  return (
    <dl role="alert" className="grid gap-3 rounded-lg border border-wait-line bg-wait-soft px-4 py-3">
      <Change label={t.price} before={money(expected_cents)} now={money(monthly_cents)} />
      {template ? <Change label={t.template} {...template} /> : null}
      {closed ? <Change label={t.offering} before={t.open} now={t.closed} /> : null}
    </dl>
  );
}

interface ChangeProps {
  label: string;
  before: string;
  now: string;
}

function Change({ label, before, now }: ChangeProps) {
  const t = useText(text).approve.changed;
  return (
    <div className="grid gap-0.5">
      <dt className="text-xs text-quiet">{label}</dt>
      {before === now ? (
        <dd className="font-medium">{now}</dd>
      ) : (
        <dd className="flex flex-wrap items-center gap-x-2">
          <span className="sr-only">{t.from} </span>
          <span className="wrap-anywhere text-quiet line-through">{before}</span>
          <ArrowRight aria-hidden className="size-3.5 shrink-0 text-quiet" />
          <span className="sr-only">, {t.to} </span>
          <span className="font-semibold wrap-anywhere">{now}</span>
        </dd>
      )}
    </div>
  );
}
