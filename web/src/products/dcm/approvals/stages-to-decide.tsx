import { useSession } from '@/shell/api/session';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { proposalOf } from '../proposals/proposal';
import { ProposalNote } from '../proposals/proposal-note';
import { AwaitedAnswer } from '../questions/awaited-answer';
import { Conversation } from '../questions/conversation';
import { threadOf } from '../questions/thread';
import type { Row } from '../api';
import { type ChainStage, chainOf } from '../stages/chain';
import { StageCard } from '../stages/stage-card';
import { useStagePeople } from '../stages/use-stage-people';
import { text } from './text';
import { useHeldRow } from './use-held-row';

interface StagesToDecideProps {
  approval: Row<'approvals'>;
  Heading: 'h2' | 'h3';
  /** Whether the stages must keep their height. */
  held: boolean;
}

/**
 * Questions about a request, and the stages of its approval that have opened, with the decisions so
 * far. The stage of a request for which no policy asks for one is omitted, since the card says all
 * about it.
 */
export function StagesToDecide({ approval, Heading, held }: StagesToDecideProps) {
  const t = useText(text);
  const { shown, isNewer, update } = useHeldRow(approval, held, useSession().actor);
  const people = useStagePeople(shown);
  const stages = chainOf(shown).flat().filter(isShown);
  const asked = threadOf(shown).length > 0;
  if (stages.length === 0 && !asked && !proposalOf(shown)) return null;
  return (
    <div className="grid gap-4 border-t border-line pt-5">
      {asked ? (
        <div className="grid gap-3">
          <AwaitedAnswer row={shown} />
          <Conversation row={shown} />
        </div>
      ) : null}
      <ProposalNote row={shown} />
      {stages.length > 0 ? (
        <ul aria-label={t.stages} className="grid gap-4 @2xl:grid-cols-2">
          {stages.map(stage => (
            <li key={stage.planned.key}>
              <StageCard stage={stage} subject={shown} Heading={Heading} {...people} />
            </li>
          ))}
        </ul>
      ) : null}
      {/* Has its place also without a sentence, so that the card does not grow. */}
      <div className="-mt-2 flex min-h-8 flex-wrap items-center gap-x-3">
        <p role="status" className="text-sm text-wait">
          {isNewer ? t.newer : null}
        </p>
        {isNewer ? (
          <Button size="small" onClick={update}>
            {t.showNewer}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

const isShown = ({ planned, progress }: ChainStage) => planned.policy !== undefined && progress !== null;
