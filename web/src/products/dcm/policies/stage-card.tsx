import { ArrowDown, ArrowUp, GripVertical, Trash2 } from 'lucide-react';
import { type DragEvent, useId } from 'react';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { ApproverList } from './approver-list';
import { ConditionBuilder } from './condition-builder';
import { DeadlineFields } from './deadline-fields';
import { NameFields } from './name-fields';
import { NeedsFields } from './needs-fields';
import { PlaceError } from './part-error';
import type { StageForm } from './policy-model';
import { shownName } from './stage-name';
import { StageStart } from './stage-start';
import { text } from './text';

/** Properties that make a card movable by the pointer. */
export interface CardDrag {
  isTarget: boolean;
  onDragStart: (event: DragEvent) => void;
  onDragEnd: () => void;
  onDragOver: (event: DragEvent) => void;
  onDrop: (event: DragEvent) => void;
}

interface StageCardProps {
  stages: StageForm[];
  index: number;
  place: string;
  drag: CardDrag;
  onChange: (stage: StageForm) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

export function StageCard(props: StageCardProps) {
  const { stages, index, place, drag, onChange } = props;
  const t = useText(text);
  const language = useLanguage();
  const title = useId();
  const stage = stages[index];
  if (!stage) return null;
  const name = shownName(stage, index, language, t.stages.unnamed);
  const set = (changed: Partial<StageForm>) => onChange({ ...stage, ...changed });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a drop target
    <li
      aria-labelledby={title}
      onDragOver={drag.onDragOver}
      onDrop={drag.onDrop}
      className={cn(
        'grid gap-4 rounded-lg border border-line bg-surface p-4 shadow-low',
        drag.isTarget && 'border-accent',
      )}
    >
      <CardHeader {...props} stageKey={stage.key} name={name} title={title} />
      <PlaceError place={place} label={name} />
      <NameFields names={stage} place={`${place}/name`} onChange={({ de, en }) => set({ de, en })} />
      <ApproverList
        approvers={stage.approvers}
        place={`${place}/approvers`}
        onChange={approvers => set({ approvers })}
      />
      <div className="grid gap-4 @lg:grid-cols-2">
        <NeedsFields stage={stage} place={place} onChange={set} />
        <StageStart stages={stages} index={index} place={place} onChange={set} />
      </div>
      <ConditionBuilder
        label={t.condition.stage(name)}
        place={`${place}/when`}
        group={stage.when}
        onChange={when => set({ when })}
        empty={t.condition.always}
      />
      <DeadlineFields
        deadline={stage.deadline}
        place={`${place}/deadline`}
        onChange={deadline => set({ deadline })}
      />
    </li>
  );
}

interface CardHeaderProps extends StageCardProps {
  stageKey: string;
  name: string;
  /** Id of the heading. */
  title: string;
}

function CardHeader({ stages, index, drag, onMove, onRemove, stageKey, name, title }: CardHeaderProps) {
  const t = useText(text).stages;
  return (
    <div className="flex flex-wrap items-center gap-1">
      <span
        draggable
        aria-hidden
        title={t.drag(name)}
        onDragStart={drag.onDragStart}
        onDragEnd={drag.onDragEnd}
        // Fingers do not drag in browsers; the buttons beside it move the stage too.
        className="-ml-1.5 cursor-grab rounded p-1 text-quiet hover:bg-hover pointer-coarse:hidden"
      >
        <GripVertical className="size-4" />
      </span>
      <h2 id={title} className="min-w-0 flex-1 font-semibold wrap-anywhere">
        {name}
      </h2>
      <Button
        id={`${stageKey}-up`}
        look="quiet"
        size="icon"
        aria-label={t.up(name)}
        aria-disabled={index === 0}
        onClick={() => onMove(-1)}
      >
        <ArrowUp aria-hidden />
      </Button>
      <Button
        id={`${stageKey}-down`}
        look="quiet"
        size="icon"
        aria-label={t.down(name)}
        aria-disabled={index === stages.length - 1}
        onClick={() => onMove(1)}
      >
        <ArrowDown aria-hidden />
      </Button>
      <Button look="quiet" size="icon" aria-label={t.remove(name)} onClick={onRemove}>
        <Trash2 aria-hidden />
      </Button>
    </div>
  );
}
