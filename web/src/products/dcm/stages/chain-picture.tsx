import { Check, ChevronDown, Users, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { Face } from '@/shell/ui/face';
import type { Row } from '../api';
import { at } from './approval';
import type { ChainStage } from './chain';
import { type StageFace, facesOf } from './faces';
import { STATES, useStageName } from './stage-card';
import { text } from './text';
import type { StagePeople } from './use-stage-people';

/** Number of faces of a stage; the number of further people follows. */
const FACES = 4;

interface ChainPictureProps {
  request: Row<'requests'>;
  steps: ChainStage[][];
  people: StagePeople;
}

/** Way of a request from its requester through the stages, with faces and deadlines. */
export function ChainPicture({ request, steps, people }: ChainPictureProps) {
  const t = useText(text);
  const format = useFormat();
  const requester = request.requester_name ?? t.erased;
  return (
    <ol
      aria-label={t.picture.label}
      className="grid gap-3 rounded-lg bg-sunken p-4 text-sm @2xl:flex @2xl:items-stretch"
    >
      <Node faces={<Face name={requester} className="bg-surface" />} title={requester}>
        {t.picture.requested(format.since(request.submitted_at))}
      </Node>
      {steps.map(stages => (
        <li
          key={stages[0]?.planned.key}
          className="grid min-w-0 gap-3 @2xl:flex @2xl:flex-1 @2xl:items-center"
        >
          <ChevronDown aria-hidden className="ml-2 size-4 shrink-0 text-quiet @2xl:ml-0 @2xl:-rotate-90" />
          <ul className="grid min-w-0 flex-1 gap-3">
            {stages.map(stage => (
              <StageNode key={stage.planned.key} stage={stage} people={people} />
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

interface StageNodeProps {
  stage: ChainStage;
  people: StagePeople;
}

function StageNode({ stage, people }: StageNodeProps) {
  const t = useText(text);
  const format = useFormat();
  const { Icon, style } = STATES[stage.state];
  const faces = facesOf(stage, people.names, people.missing);
  const asked = (stage.progress?.asked.flat() ?? stage.planned.approvers).map(people.people);
  return (
    <Node
      title={useStageName(stage)}
      faces={
        faces.length > 0 ? (
          <Faces faces={faces} />
        ) : (
          <span
            role="img"
            aria-label={format.anyOf([...new Set(asked)])}
            title={format.anyOf([...new Set(asked)])}
            className="grid size-8 place-items-center rounded-full border border-dashed border-line-strong bg-surface text-quiet"
          >
            <Users aria-hidden className="size-4" />
          </span>
        )
      }
      framed={cn('border bg-surface', style)}
    >
      <span className="inline-flex items-center gap-1.5">
        <Icon aria-hidden className="size-3.5 shrink-0" />
        {stage.awaitsAnswer ? t.awaitsAnswer : t.states[stage.state]}
      </span>
      <Deadline stage={stage} />
    </Node>
  );
}

interface NodeProps {
  title: string;
  faces: ReactNode;
  framed?: string;
  children: ReactNode;
}

function Node({ title, faces, framed, children }: NodeProps) {
  return (
    <li className={cn('grid min-w-0 content-center gap-1.5 rounded-lg', framed && 'p-3', framed)}>
      {faces}
      <p className="font-medium wrap-anywhere text-text">{title}</p>
      <p className="grid gap-0.5 text-xs text-quiet">{children}</p>
    </li>
  );
}

function Faces({ faces }: { faces: StageFace[] }) {
  const t = useText(text);
  const format = useFormat();
  const more = faces.length - FACES;
  return (
    <span className="flex flex-wrap items-center gap-1">
      {faces.slice(0, FACES).map(({ name, verdict }, index) => (
        <span key={name ?? index} className="relative">
          <Face name={t.picture.face(name ?? t.erased, verdict)} className="text-text" />
          {verdict ? <Verdict verdict={verdict} /> : null}
        </span>
      ))}
      {more > 0 ? <span className="text-xs text-quiet">{t.picture.more(format.number(more))}</span> : null}
    </span>
  );
}

/** Mark on a face; the face's name says the verdict too. */
function Verdict({ verdict }: { verdict: 'approve' | 'reject' }) {
  const Icon = verdict === 'approve' ? Check : X;
  return (
    <span
      aria-hidden
      className={cn(
        'absolute -right-1 -bottom-1 grid size-4 place-items-center rounded-full border bg-surface',
        verdict === 'approve' ? 'border-good-line text-good' : 'border-bad-line text-bad',
      )}
    >
      <Icon className="size-3" />
    </span>
  );
}

/** Time of the stage: its end, its deadline, or the time that it will have. */
function Deadline({ stage: { planned, progress, state } }: { stage: ChainStage }) {
  const t = useText(text);
  const format = useFormat();
  if (state === 'passed') return <span>{format.since(at(progress?.passed_at))}</span>;
  const hours = planned.deadline?.hours;
  if (state === 'later') {
    return <span>{hours === undefined ? t.picture.noDeadline : t.hours(format.number(hours))}</span>;
  }
  if (state !== 'open') return null;
  if (progress?.left_ms !== undefined) return <span>{t.picture.stands}</span>;
  const due = at(progress?.due_at);
  return <span>{due ? t.picture.until(format.since(due)) : t.picture.noDeadline}</span>;
}
