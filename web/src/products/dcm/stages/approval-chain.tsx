import { Stamp } from 'lucide-react';
import { Panel } from '@/shell/app/page/panel';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import type { Row } from '../api';
import { type Decision, approvalOf, earlierDecisions } from './approval';
import { type ChainStage, chainOf } from './chain';
import { ChainPicture } from './chain-picture';
import { because } from './reasons';
import { StageCard } from './stage-card';
import { StageDecisions } from './stage-decisions';
import { text } from './text';
import { useStagePeople } from './use-stage-people';

/** Stages of a request's approval, one step after the other. */
export function ApprovalChain({ request }: { request: Row<'requests'> }) {
  const t = useText(text);
  const people = useStagePeople(request);
  const approval = approvalOf(request);
  if (!approval) return null;
  const steps = chainOf(request);
  const byTime = steps.flat().length > 0 && steps.flat().every(stage => stage.passedByTime);
  return (
    <Panel title={t.title} className="mb-6">
      <div className="grid gap-4 p-5">
        {approval.plan.auto.length > 0 ? <ByRule request={request} /> : null}
        {byTime ? <p>{t.afterDeadline}</p> : null}
        {steps.length > 0 ? <ChainPicture request={request} steps={steps} people={people} /> : null}
        {steps.length > 0 ? (
          <ol aria-label={t.steps} className="grid">
            {steps.map((stages, index) => (
              <Step
                key={stages[0]?.planned.key}
                stages={stages}
                number={steps.length > 1 ? index + 1 : null}
                last={index === steps.length - 1}
              >
                {stage => <StageCard stage={stage} subject={request} {...people} />}
              </Step>
            ))}
          </ol>
        ) : null}
        <EarlierDecisions decisions={earlierDecisions(request)} names={people.names} />
      </div>
    </Panel>
  );
}

interface StepProps {
  stages: ChainStage[];
  /** Null: the only step. */
  number: number | null;
  last: boolean;
  children: (stage: ChainStage) => React.ReactNode;
}

function Step({ stages, number, last, children }: StepProps) {
  const t = useText(text);
  const format = useFormat();
  const together = stages.length > 1;
  return (
    <li className={cn('relative grid gap-3', !last && 'pb-6')}>
      {last ? null : <span aria-hidden className="absolute top-7 bottom-0 left-3.5 w-px bg-line" />}
      {number === null && !together ? null : (
        <p className={cn('text-xs text-quiet', number === null || 'pl-10')}>
          {number === null ? null : <span>{t.step(format.number(number))}. </span>}
          {together ? t.together : null}
        </p>
      )}
      {together ? (
        <ul className="relative grid gap-x-6 gap-y-4 @2xl:grid-cols-2">
          {stages.map(stage => (
            <li key={stage.planned.key} className="bg-surface">
              {children(stage)}
            </li>
          ))}
        </ul>
      ) : (
        stages.map(stage => (
          <div key={stage.planned.key} className="relative">
            {children(stage)}
          </div>
        ))
      )}
    </li>
  );
}

interface EarlierDecisionsProps {
  decisions: Decision[];
  names: ReadonlyMap<string, string>;
}

/** Decisions on earlier revisions of the request, which do not count any more. */
function EarlierDecisions({ decisions, names }: EarlierDecisionsProps) {
  const t = useText(text);
  const format = useFormat();
  if (decisions.length === 0) return null;
  const revisions = [...new Set(decisions.map(one => one.revision))];
  return (
    <section aria-label={t.earlier} className="grid gap-3 border-t border-line pt-4">
      <div>
        <h3 className="font-medium">{t.earlier}</h3>
        <p className="text-sm text-quiet">{t.earlierLead}</p>
      </div>
      {revisions.map(revision => (
        <div key={revision} className="grid gap-1.5 text-quiet">
          <p className="text-xs font-medium">{t.revision(format.number(revision))}</p>
          <StageDecisions decisions={decisions.filter(one => one.revision === revision)} names={names} />
        </div>
      ))}
    </section>
  );
}

/** Rules that approved the request without people, with their reasons. */
function ByRule({ request }: { request: Row<'requests'> }) {
  const t = useText(text);
  const format = useFormat();
  const language = useLanguage();
  const rules = approvalOf(request)?.plan.auto ?? [];
  return (
    <ul className="grid gap-2">
      {rules.map(rule => {
        const why = because(rule.because, request, t, format);
        return (
          <li key={rule.name.en} className="flex gap-3">
            <Stamp aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
            <p>
              {t.auto(rule.name[language])}
              {why ? <span className="text-quiet">, {why}</span> : null}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
