import { useText } from '@/shell/i18n/use-text';
import type { Row } from '../api';
import { type ChainStage, chainOf } from '../stages/chain';
import { StageCard } from '../stages/stage-card';
import { useStagePeople } from '../stages/use-stage-people';
import { text } from './text';

interface StagesToDecideProps {
  approval: Row<'approvals'>;
  Heading: 'h2' | 'h3';
}

/**
 * Stages of an approval that have opened, with the decisions so far. The stage of a request for
 * which no policy asks for one is omitted, since the card says all about it.
 */
export function StagesToDecide({ approval, Heading }: StagesToDecideProps) {
  const t = useText(text);
  const people = useStagePeople(approval);
  const stages = chainOf(approval).flat().filter(isShown);
  if (stages.length === 0) return null;
  return (
    <ul aria-label={t.stages} className="grid gap-4 border-t border-line pt-5 @2xl:grid-cols-2">
      {stages.map(stage => (
        <li key={stage.planned.key}>
          <StageCard stage={stage} subject={approval} Heading={Heading} {...people} />
        </li>
      ))}
    </ul>
  );
}

const isShown = ({ planned, progress }: ChainStage) => planned.policy !== undefined && progress !== null;
