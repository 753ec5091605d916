import { Stamp } from 'lucide-react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Reason } from '../stages/approval';
import { type Subject, because } from '../stages/reasons';
import { text as stageText } from '../stages/text';
import { text } from './text';
import type { QuotedApproval as Approval, QuotedStage } from './use-quote';

interface QuotedApprovalProps {
  approval: Approval;
  subject: Subject;
}

/** Stages that the request would have, or the rules that would approve it without people. */
export function QuotedApproval({ approval, subject }: QuotedApprovalProps) {
  const t = useText(text).quote;
  const { stages, rules } = approval;
  return (
    <div className="flex gap-3 text-sm">
      <Stamp aria-hidden className="mt-0.5 size-4 shrink-0 text-quiet" />
      <div className="grid min-w-0 flex-1 gap-2">
        {stages.length > 0 ? (
          <Stages stages={stages} subject={subject} />
        ) : (
          <>
            <p className="font-medium">{t.noApproval}</p>
            {rules.map(rule => (
              <Rule key={`${rule.policy} ${rule.name}`} rule={rule} subject={subject} />
            ))}
          </>
        )}
      </div>
    </div>
  );
}

function Rule({ rule, subject }: { rule: Approval['rules'][number]; subject: Subject }) {
  const t = useText(stageText);
  return (
    <div className="grid gap-0.5 text-quiet">
      <p>{t.autoSoon(rule.name)}</p>
      <Why reasons={rule.because} subject={subject} />
    </div>
  );
}

function Stages({ stages, subject }: { stages: QuotedStage[]; subject: Subject }) {
  const t = useText(text).quote;
  const format = useFormat();
  const [first] = stages;
  if (stages.length === 1 && first && first.name === null) {
    const { people } = first;
    return (
      <div className="grid gap-0.5">
        <p className="font-medium">{t.oneApproval}</p>
        <p className="text-quiet">{people.length > 0 ? t.by(format.anyOf(people)) : t.noApprover}</p>
      </div>
    );
  }
  return (
    <>
      <p className="font-medium">{t.stages(format.number(stages.length))}</p>
      <ol aria-label={t.stages(format.number(stages.length))} className="grid gap-2.5">
        {stages.map(stage => (
          <Stage key={stage.stage} stage={stage} all={stages} subject={subject} />
        ))}
      </ol>
    </>
  );
}

interface StageProps {
  stage: QuotedStage;
  all: QuotedStage[];
  subject: Subject;
}

function Stage({ stage, all, subject }: StageProps) {
  const t = useText(text).quote;
  const stages = useText(stageText);
  const format = useFormat();
  const before = stage.after.flatMap(key => all.find(one => one.stage === key)?.name ?? []);
  const when = [
    before.length > 0 ? t.after(format.allOf(before)) : null,
    stage.hours === null ? null : t.hours(format.number(stage.hours)),
  ].filter(part => part !== null);
  return (
    <li className="grid gap-0.5 border-l-2 border-line-strong/60 pl-3">
      <p className="font-medium wrap-anywhere">{stage.name ?? stages.unnamed}</p>
      <People stage={stage} />
      {when.length > 0 ? <p className="text-quiet">{when.join(', ')}</p> : null}
      <Why reasons={stage.because} subject={subject} />
    </li>
  );
}

/** Number of people who must approve, and the people who can. */
function People({ stage: { needs, people } }: { stage: QuotedStage }) {
  const t = useText(text).quote;
  const format = useFormat();
  const least = typeof needs === 'object' ? needs.at_least : 1;
  if (people.length === 0) return <p className="text-wait">{t.noApprover}</p>;
  if (people.length < least) return <p className="text-wait">{t.tooFew(format.allOf(people))}</p>;
  const names = format.anyOf(people);
  if (people.length === 1) return <p>{t.by(names)}</p>;
  if (needs === 'all') return <p>{t.allOf(format.allOf(people))}</p>;
  return <p>{least > 1 ? t.atLeast(format.number(least), format.allOf(people)) : t.anyOf(names)}</p>;
}

function Why({ reasons, subject }: { reasons: Reason[]; subject: Subject }) {
  const t = useText(stageText);
  const format = useFormat();
  const why = because(reasons, subject, t, format);
  return why ? <p className="text-quiet">{why}</p> : null;
}
