import { may, useSession } from '@/shell/api/session';
import { AddressText } from '@/shell/app/page/address';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { Need, Needs } from '@/shell/app/page/needs';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { type Row, useRows } from '../api';
import { APPROVE, DECIDE, OPERATE, REQUEST } from '../permissions';
import { RequestVmLink } from '../request-vm-link';
import { RequestStatus } from '../requests/status-badge';
import { openStages } from '../stages/chain';
import { WAITING_FOR_ME } from '../stages/waiting-for-me';
import { isOld } from '../vms/age';
import { Power } from '../vms/vm-status';
import { text } from './text';

/** Charts, whose library is loaded after the tasks. */
const Overview = lazyPage(() => import('../overview/overview'), 'Overview');

const FIRST = 10;

/** Open tasks of this person, most urgent first. */
export function HomePanels() {
  const session = useSession();
  const can = (permission: string) => may(session, permission);
  return (
    <>
      {can(APPROVE) || can(DECIDE) ? <WaitingDecisions quiet={!can(APPROVE)} /> : null}
      {can(OPERATE) ? <FailedRequests /> : null}
      {can(REQUEST) ? <OpenRequests actor={session.actor} /> : null}
      {can(REQUEST) ? <OwnVms actor={session.actor} /> : null}
      {can(APPROVE) || can(OPERATE) ? <Overview /> : null}
    </>
  );
}

export function HomeAction() {
  return may(useSession(), REQUEST) ? <RequestVmLink /> : null;
}

/**
 * Requests that wait for this person. `quiet`: the panel appears only if there are any, for people
 * whom few policies ask.
 */
function WaitingDecisions({ quiet }: { quiet: boolean }) {
  const language = useLanguage();
  const t = useText(text).approve;
  const format = useFormat();
  const { data, ...rest } = useRows('approvals', { ...WAITING_FOR_ME, limit: FIRST });
  // A person who has decided on one of several open stages may have no seat in the others.
  const theirs = data?.filter(row => row.actions.some(action => action.allowed));
  const stageNames = (row: Row<'approvals'>) =>
    openStages(row).flatMap(({ planned }) => planned.name?.[language] ?? []);
  if (quiet && !theirs?.length) return null;
  return (
    <Needs title={t.title} empty={t.empty} good source={{ data: theirs, ...rest }} all={{ to: '/approvals' }}>
      {row => (
        <Need
          key={row.key}
          link={{ to: '/approvals/$id', params: { id: row.key } }}
          name={row.vm_name}
          note={[t.asks(row.requester_name || t.somebody), ...stageNames(row)].join(' · ')}
          beside={`${format.money(row.monthly_cents, row.currency)} · ${format.ago(row.submitted_at)}`}
        />
      )}
    </Needs>
  );
}

function OpenRequests({ actor }: { actor: string }) {
  const t = useText(text).mine;
  const format = useFormat();
  const source = useRows('requests', {
    requester_id: actor,
    terminal: 'false',
    sort: '-updated_at',
    limit: FIRST,
  });
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      source={source}
      all={{ to: '/requests', search: { status: 'open', whose: 'mine' } }}
    >
      {row => {
        const people = row.status === 'pending' ? (row.waiting?.people ?? []) : [];
        return (
          <Need
            key={row.key}
            link={{ to: '/requests/$id', params: { id: row.key } }}
            name={row.vm_name}
            note={
              people.length > 0 ? `${t.waiting} ${format.anyOf(people)}` : format.sentence(row.waiting_on)
            }
            beside={<RequestStatus row={row} />}
          />
        );
      }}
    </Needs>
  );
}

function OwnVms({ actor }: { actor: string }) {
  const t = useText(text).vms;
  const source = useRows('vms', { requester_id: actor, terminal: 'false', sort: 'name', limit: FIRST });
  return (
    <Needs title={t.title} empty={t.empty} source={source} all={{ to: '/vms', search: { whose: 'mine' } }}>
      {row => (
        <Need
          key={row.key}
          link={{ to: '/vms/$id', params: { id: row.key } }}
          name={row.name}
          note={<span className="font-mono text-xs">{row.ip ? <AddressText address={row.ip} /> : '–'}</span>}
          beside={<Power state={row.power} old={isOld(row)} />}
        />
      )}
    </Needs>
  );
}

function FailedRequests() {
  const t = useText(text).failed;
  const format = useFormat();
  const source = useRows('requests', { status: 'failed', sort: '-updated_at', limit: FIRST });
  return (
    <Needs title={t.title} empty={t.empty} good source={source} all={{ to: '/admin/failed-requests' }}>
      {row => (
        <Need
          key={row.key}
          link={{ to: '/requests/$id', params: { id: row.key } }}
          name={row.vm_name}
          note={format.sentence(row.waiting?.text ?? row.waiting_on)}
        />
      )}
    </Needs>
  );
}
