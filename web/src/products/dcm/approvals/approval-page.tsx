import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { useAllRows, useRow } from '../api';
import { READERS_OF_ALL } from '../permissions';
import { isOld } from '../vms/age';
import { Power } from '../vms/vm-status';
import { ApprovalCard } from './approval-card';
import { approvalRoute } from './routes';
import { text } from './text';

export function ApprovalPage() {
  const t = useText(text);
  const { id } = approvalRoute.useParams();
  const readsAll = may(useSession(), ...READERS_OF_ALL);
  const { data: approval, error, refetch } = useRow('approvals', id);
  return (
    <>
      <PageHeader
        title={approval?.vm_name ?? undefined}
        up={{ to: '/approvals', label: t.title }}
        actions={
          <Button asChild>
            <Link to="/requests/$id" params={{ id }}>
              {t.toRequest}
            </Link>
          </Button>
        }
      />
      {!approval && shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : approval ? (
        <div className="grid gap-6">
          <ApprovalCard approval={approval} />
          {approval.requester_id && readsAll ? <VmsOf requesterId={approval.requester_id} /> : null}
        </div>
      ) : (
        <Skeleton className="h-64 rounded-xl" />
      )}
    </>
  );
}

/** Present VMs of the requester by name, to judge whether another one is needed. */
function VmsOf({ requesterId }: { requesterId: string }) {
  const t = useText(text);
  const format = useFormat();
  const { data: vms } = useAllRows('vms', {
    requester_id: requesterId,
    terminal: 'false',
    sort: 'name',
    limit: 100,
  });
  return (
    <Panel title={t.names}>
      {vms?.length === 0 ? <p className="px-5 py-5 text-quiet">{t.noVms}</p> : null}
      <ul className="divide-y divide-line">
        {vms?.map(vm => (
          <li key={vm.key} className="flex flex-wrap items-center gap-x-6 gap-y-1 px-5 py-2.5">
            <Link
              to="/vms/$id"
              params={{ id: vm.key }}
              className="min-w-40 flex-1 rounded font-medium hover:text-accent-text"
            >
              {vm.name}
            </Link>
            <span className="w-32">
              <Power state={vm.power} old={isOld(vm)} />
            </span>
            <span className="w-36 text-quiet">
              {t.sizeOf(format.number(vm.cpus), format.memory(vm.memory_mb))}
            </span>
            <span className="w-24 text-right">{format.money(vm.monthly_cents, vm.currency)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
