import { useSession } from '@/shell/api/session';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Row } from '../api';
import { ChangeList } from '../revise/change-list';
import { at } from '../stages/approval';
import { namedPeople } from '../stages/named-people';
import { text as stageText } from '../stages/text';
import { type ProposedRow, proposalOf, proposedChanges } from './proposal';
import { text } from './text';

type NoteRow = ProposedRow &
  Pick<Row<'requests'>, 'requester_id' | 'requester_name'> &
  Partial<Pick<Row<'requests'>, 'people'>>;

/** Changes that wait for the requester's confirmation, with their author and reason. */
export function ProposalNote({ row }: { row: NoteRow }) {
  const t = useText(text);
  const stages = useText(stageText);
  const format = useFormat();
  const { actor } = useSession();
  const proposal = proposalOf(row);
  if (!proposal) return null;
  const name = row.requester_name;
  const principal = namedPeople(row).get(proposal.on_behalf_of_id ?? '');
  const author = `${proposal.by_name || t.erased}${principal ? ` (${stages.asDeputyOf(principal)})` : ''}`;
  const waits = row.requester_id === actor ? t.waitsYours : name ? t.waits(name) : t.waitsSome;
  return (
    <section
      aria-label={t.title}
      className="grid gap-3 rounded-lg border border-wait-line bg-wait-soft px-4 py-3 text-sm"
    >
      <p className="font-medium">{t.by(author, format.ago(at(proposal.at)))}</p>
      {proposal.comment ? <p className="whitespace-pre-line wrap-anywhere">{proposal.comment}</p> : null}
      <ChangeList changes={proposedChanges(row, proposal)} currency={row.currency} />
      <p className="text-quiet">{waits}</p>
    </section>
  );
}
