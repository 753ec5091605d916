import type { Tone } from '@/shell/ui/badge';
import { cn } from '@/shell/ui/cn';
import { type StandingProps, useStanding } from './use-standing';

/** Status of the request at the top of the page, since people come for it. */
export function RequestHero(props: StandingProps) {
  const standing = useStanding(props);
  if (!standing) return null;
  const { tone, Icon, kicker, title, more } = standing;
  return (
    <section
      className={cn(
        'mb-6 flex gap-4 rounded-xl border bg-linear-to-b to-surface p-5 shadow-low sm:gap-5 sm:p-7',
        TONES[tone],
      )}
    >
      <span className="hidden size-11 shrink-0 place-items-center rounded-full bg-surface text-(--hero) shadow-low sm:grid">
        <Icon aria-hidden className="size-5" />
      </span>
      <div className="grid min-w-0 flex-1 gap-2">
        {kicker ? <p className="text-sm font-medium text-(--hero)">{kicker}</p> : null}
        {/* Stays mounted while the status changes, so that screen readers announce it. */}
        <div aria-live="polite">
          <h2 className="text-2xl leading-8 font-semibold tracking-[-0.02em] sm:text-[1.75rem] sm:leading-9">
            {title}
          </h2>
        </div>
        {more}
      </div>
    </section>
  );
}

const TONES: Record<Tone, string> = {
  wait: 'border-wait-line from-wait-soft [--hero:var(--wait)]',
  busy: 'border-busy-line from-busy-soft [--hero:var(--busy)]',
  good: 'border-good-line from-good-soft [--hero:var(--good)]',
  bad: 'border-bad-line from-bad-soft [--hero:var(--bad)]',
  idle: 'border-line from-sunken [--hero:var(--quiet)]',
};
