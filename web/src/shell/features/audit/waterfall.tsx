import { Link } from '@tanstack/react-router';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import { cn } from '@/shell/ui/cn';
import type { Step } from './audit-row';
import { auditRowRoute } from './routes';
import { rowText } from './row-text';
import { type Placed, place, span } from './waterfall-place';

/** Related rows over time: a table that is read by line, with bars on wide screens. */
export function Waterfall({ steps }: { steps: Step[] }) {
  const t = useText(rowText);
  return (
    <div className="@container">
      <table className="w-full table-fixed text-sm">
        <caption className="sr-only">{t.trace}</caption>
        <thead className="text-left text-xs text-quiet">
          <tr>
            <th scope="col" className="px-5 py-2 font-medium">
              {t.step}
            </th>
            <th scope="col" className="w-24 px-2 py-2 text-right font-medium">
              {t.after}
            </th>
            <th scope="col" className="w-24 px-2 py-2 text-right font-medium">
              {t.lasted}
            </th>
            <th scope="col" className="hidden w-32 px-2 py-2 font-medium @xl:table-cell">
              {t.outcome}
            </th>
            <td aria-hidden className="hidden w-1/4 @3xl:table-cell" />
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {place(steps).map(step => (
            <Line key={step.nr} step={step} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SOURCES = { event: 'log', act: 'host', call: 'call', run: null, mail: null } as const;
const TONES: Record<string, Tone> = {
  ok: 'good',
  done: 'good',
  sent: 'good',
  pending: 'wait',
  open: 'wait',
  skipped: 'idle',
  unknown: 'idle',
};

function Line({ step }: { step: Placed }) {
  const format = useFormat();
  const source = SOURCES[step.kind];
  const tone = TONES[step.outcome] ?? 'bad';
  const outcome = <Badge tone={tone}>{step.outcome_text}</Badge>;
  return (
    <tr className="align-top">
      <th
        scope="row"
        className={cn('py-2 pr-2 text-left font-normal wrap-anywhere', step.depth > 0 ? 'pl-9' : 'pl-5')}
      >
        {source && step.row ? (
          <Link
            to={auditRowRoute.fullPath}
            search={{ source, key: step.row }}
            className="rounded text-text hover:text-accent-text hover:underline"
          >
            {step.sentence}
          </Link>
        ) : (
          step.sentence
        )}
        <span className="mt-1 block @xl:hidden">{outcome}</span>
      </th>
      <td className="px-2 py-2 text-right text-xs text-quiet tabular-nums">
        <time dateTime={step.at} title={format.zoned(step.at)}>
          +{span(step.after, format.number)}
        </time>
      </td>
      <td className="px-2 py-2 text-right text-xs tabular-nums">
        {step.lasted === null ? '–' : span(step.lasted, format.number)}
      </td>
      <td className="hidden px-2 py-2 @xl:table-cell">{outcome}</td>
      <td aria-hidden className="hidden py-2 pr-5 @3xl:table-cell">
        <div className="relative mt-1 h-3 rounded bg-sunken">
          <div
            className={cn(
              'absolute inset-y-0 min-w-0.5 rounded',
              tone === 'bad' ? 'bg-bad-solid' : 'bg-busy',
            )}
            style={{ left: `min(${step.left}%, calc(100% - 2px))`, width: `${step.width}%` }}
          />
        </div>
      </td>
    </tr>
  );
}
