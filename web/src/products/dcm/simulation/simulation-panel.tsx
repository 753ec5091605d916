import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import type { Speech } from '../policies/sentence';
import { useNames, useSpeech } from '../policies/use-names';
import { planPhrases } from './plan-phrases';
import { DAYS, type Difference, REQUESTS_MAX, type Simulation, type SimulatedPlan } from './simulation';
import { text } from './text';
import { useSimulation } from './use-simulation';

export interface SimulationPanelProps {
  policy: string;
  revision: number;
  /** Whether the form has changes that are not saved. */
  isDirty: boolean;
}

/** Effect that the saved draft would have had on the requests of the last 90 days. */
export function SimulationPanel({ policy, revision, isDirty }: SimulationPanelProps) {
  const t = useText(text);
  const format = useFormat();
  const { simulation, error, isPending, progress, start, stop } = useSimulation(policy, revision);
  const state = !isPending
    ? null
    : progress
      ? t.progress(format.number(progress.done), format.number(progress.of))
      : t.begins;
  return (
    <Panel title={t.title}>
      <div className="grid gap-4 px-5 py-4 text-sm">
        <p className="max-w-prose">{t.lead(format.number(DAYS))}</p>
        <div className="flex flex-wrap items-center gap-3">
          {isPending ? (
            <Button onClick={stop}>{t.stop}</Button>
          ) : isDirty ? (
            <p className="text-quiet">{t.unsaved}</p>
          ) : (
            <Button onClick={start}>{simulation ? t.again : t.start}</Button>
          )}
          <p role="status" className="text-quiet">
            {state}
          </p>
        </div>
        {shownHere(error) && !isPending ? <ProblemAlert cause={error} onRetry={start} /> : null}
        {simulation && !isPending ? <Result simulation={simulation} /> : null}
      </div>
    </Panel>
  );
}

function Result({ simulation: { count, differences, truncated } }: { simulation: Simulation }) {
  const t = useText(text);
  const format = useFormat();
  const plans = differences.flatMap(({ before, after }) => [before, after]);
  const speech = useSpeech(useNames(plans.map(documentOf)));
  const sentence =
    count === 0
      ? t.none(format.number(DAYS))
      : differences.length === 0
        ? t.same(format.number(count))
        : t.differs(format.number(differences.length), format.number(count));
  return (
    <>
      <p role="status" className="font-medium">
        {sentence}
      </p>
      {truncated ? <p className="text-quiet">{t.truncated(format.number(REQUESTS_MAX))}</p> : null}
      {differences.length > 0 ? (
        <ul className="divide-y divide-line border-t border-line">
          {differences.map(difference => (
            <DifferenceItem key={difference.request.key} difference={difference} speech={speech} />
          ))}
        </ul>
      ) : null}
    </>
  );
}

/** Plan in the form of a policy, from which the names of its people are read. */
const documentOf = ({ stages }: SimulatedPlan) => ({
  applies_to: { kinds: [] },
  stages: stages.map(({ stage, approvers, needs }) => ({
    key: stage,
    name: { de: '', en: '' },
    approvers,
    needs,
  })),
});

function DifferenceItem({ difference, speech }: { difference: Difference; speech: Speech }) {
  const t = useText(text);
  const format = useFormat();
  const { request, before, after } = difference;
  const who = request.requester_name ?? t.someone;
  return (
    <li className="grid gap-x-6 gap-y-2 py-3 @2xl:grid-cols-3">
      <div className="min-w-0">
        <Link
          to="/requests/$id"
          params={{ id: request.key }}
          className="font-medium wrap-anywhere text-accent-text underline-offset-2 hover:underline"
        >
          {request.vm_name ?? request.key}
        </Link>
        <p className="text-quiet">{t.submitted(who, format.date(request.submitted_at))}</p>
      </div>
      <PlanItem title={t.columns.before} phrases={planPhrases(before, t, speech)} />
      <PlanItem title={t.columns.after} phrases={planPhrases(after, t, speech)} />
    </li>
  );
}

function PlanItem({ title, phrases }: { title: string; phrases: string[] }) {
  return (
    <div className="min-w-0">
      <p className="text-xs text-quiet">{title}</p>
      <ul aria-label={title}>
        {phrases.map(phrase => (
          <li key={phrase} className="wrap-anywhere">
            {phrase}
          </li>
        ))}
      </ul>
    </div>
  );
}
