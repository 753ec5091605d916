import { Link } from '@tanstack/react-router';
import { hostNow } from '@/shell/api/host-clock';
import { shownHere } from '@/shell/api/problem';
import { Address } from '@/shell/app/page/address';
import { CopyButton } from '@/shell/app/page/copy-button';
import { Facts } from '@/shell/app/page/facts';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert, Trace } from '@/shell/app/page/problem-alert';
import { type Format, useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import type { Tone } from '@/shell/ui/badge';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useAllRows, useRow } from '../api';
import { Question } from '../requests/question';
import { Timeline } from '../requests/timeline';
import { RowActions } from '../row-actions';
import { isOld, readAt, termEnd } from './age';
import { offered } from './may-be-forgotten';
import { vmRoute } from './routes';
import { SignIn } from './sign-in';
import { text } from './text';
import { useVmPlans } from './vm-plans';
import { Power, VmState, VmStatus } from './vm-status';

export function VmPage() {
  const t = useText(text);
  const { id } = vmRoute.useParams();
  const { data: vm, error, refetch } = useRow('vms', id);
  const timeline = useAllRows('timeline', { request_id: id, sort: 'at', limit: 200 });
  const plans = useVmPlans();
  return (
    <>
      <PageHeader
        title={vm?.name ?? undefined}
        up={{ to: '/vms', label: t.title }}
        beside={
          vm ? (
            <>
              <VmStatus row={vm} />
              <VmState state={vm.state} />
            </>
          ) : null
        }
        actions={
          vm ? (
            <RowActions actions={offered(vm)} plans={plans} name={vm.name ?? ''} unavailable="in-place" />
          ) : null
        }
      />
      {!vm && shownHere(error) ? <ProblemAlert cause={error} onRetry={() => void refetch()} /> : null}
      {vm ? <Standing vm={vm} /> : null}
      {vm?.copies ? <Alert tone="wait" role="status" title={t.copies(vm.copies)} className="mb-6" /> : null}
      {vm?.terminal ? <Gone vm={vm} /> : <Vitals vm={vm} />}
      <div className="grid items-start gap-6 @3xl:grid-cols-[minmax(0,5fr)_minmax(0,4fr)]">
        <VmFacts vm={vm} />
        <Timeline events={timeline.data} />
      </div>
    </>
  );
}

/** State of the VM unless it is simply running. */
function Standing({ vm }: { vm: Row<'vms'> }) {
  const t = useText(text).page;
  const code = vm.waiting?.code;
  const sentence = useFormat().sentence(vm.waiting?.text ?? vm.waiting_on);
  // A running refresh is shown beside the time of the last reading, so that the page does not move.
  if (!sentence || code === 'in-use' || code === 'refreshing') return null;
  return (
    <Alert tone={TONES[code ?? ''] ?? 'busy'} role="status" title={sentence} className="mb-6">
      <Question code={code} message={vm.stalled_message} />
      {vm.decommission_request_id ? (
        <Link
          to="/requests/$id"
          params={{ id: vm.decommission_request_id }}
          className="text-accent-text underline-offset-2 hover:underline"
        >
          {t.request}
        </Link>
      ) : null}
      {vm.error_code && vm.trace_id ? <Trace id={vm.trace_id} /> : null}
    </Alert>
  );
}

const TONES: Record<string, Tone> = {
  'decommission-retry': 'bad',
  'confirm-gone': 'bad',
  'confirm-elsewhere': 'bad',
  stalled: 'wait',
  'stalled-for-person': 'wait',
  'refresh-failed': 'wait',
  'in-another-state': 'wait',
  'decommission-awaited': 'wait',
  'not-in-vcenter': 'wait',
};

/** Removed on request: shown without alarm. */
function Gone({ vm }: { vm: Row<'vms'> }) {
  const t = useText(text).page;
  const format = useFormat();
  return (
    <p className="mb-6 rounded-xl border border-line bg-surface p-5 text-lg font-semibold shadow-low">
      {t.gone(format.dateTime(vm.decommissioned_at), vm.decommissioned_by_name)}
    </p>
  );
}

/** Power and address with the time of the reading. */
function Vitals({ vm }: { vm: Row<'vms'> | undefined }) {
  const t = useText(text).page;
  const format = useFormat();
  const at = vm ? readAt(vm) : null;
  const old = vm ? isOld(vm) : false;
  const reading = vm?.waiting?.code === 'refreshing' ? format.sentence(vm.waiting.text) : null;
  const read = reading ?? (vm ? (old ? t.old : t.read)(format.ago(at)) : '');
  return (
    <dl className="mb-6 grid overflow-hidden rounded-xl border border-line bg-surface shadow-low @xl:grid-cols-2">
      <div className="grid gap-1 p-5">
        <dt className="text-sm text-quiet">{t.power}</dt>
        <dd className="text-xl font-semibold">
          {vm ? <Power state={vm.power} old={old} /> : <Skeleton className="h-6 w-24" />}
        </dd>
        <dd className="min-h-4.5 text-xs text-quiet" title={vm ? format.zoned(at) : undefined}>
          {read}
        </dd>
      </div>
      <div className="grid gap-1 border-line p-5 border-t @xl:border-t-0 @xl:border-l">
        <dt className="text-sm text-quiet">{t.ip}</dt>
        <dd
          className="flex min-h-7 items-center gap-1 font-mono text-xl font-medium data-old:text-quiet"
          data-old={old || undefined}
        >
          {vm?.ip ? (
            <Address address={vm.ip} what={t.ip} />
          ) : vm ? (
            <span className="font-sans text-base font-normal text-quiet">{t.noIp}</span>
          ) : (
            <Skeleton className="h-6 w-36" />
          )}
        </dd>
        <dd className="min-h-4.5 text-xs text-quiet">{read}</dd>
      </div>
    </dl>
  );
}

function VmFacts({ vm }: { vm: Row<'vms'> | undefined }) {
  const t = useText(text);
  const format = useFormat();
  const id = vm && (
    <span className="flex items-center gap-1">
      <code className="min-w-0 font-mono text-xs break-all">{vm.key}</code>
      <CopyButton text={vm.key} what={t.page.id} className="-my-1" />
    </span>
  );
  const gone = vm && vm.decommissioned_at && format.dateTime(vm.decommissioned_at);
  const cost = vm && format.money(vm.monthly_cents, vm.currency);
  const signIn = vm && !vm.terminal && vm.ip && (
    <SignIn access={vm.access} ip={vm.ip} image={vm.image ?? ''} />
  );
  const request = vm && (
    <Link
      to="/requests/$id"
      params={{ id: vm.key }}
      className="text-sm text-accent-text underline-offset-2 hover:underline"
    >
      {t.page.request}
    </Link>
  );
  return (
    <Panel title={t.page.facts} beside={request}>
      <Facts
        facts={[
          { label: t.page.vcenterName, value: vm ? vm.vcenter_name : null },
          { label: t.page.size, value: vm && t.size(format.number(vm.cpus), format.memory(vm.memory_mb)) },
          { label: t.page.image, value: vm?.image },
          { label: t.page.offering, value: vm?.offering_name },
          { label: t.page.signIn, value: vm ? signIn || null : undefined },
          { label: t.page.cost, value: gone && cost ? t.page.costEnded(cost, gone) : cost },
          { label: t.page.term, value: vm && term(vm, t.page, format) },
          { label: t.page.requester, value: vm?.requester_name },
          { label: t.page.created, value: vm && format.dateTime(vm.created_at) },
          { label: t.page.decommissioned, value: vm ? gone : null },
          { label: t.page.id, value: id },
        ]}
      />
    </Panel>
  );
}

/** Term with its end, after which the VM stays unless a person acts. */
function term(vm: Row<'vms'>, t: (typeof text)['en']['page'], format: Format): string {
  const months = format.number(vm.term_months);
  if (vm.terminal || vm.term_months === null || !vm.created_at) return t.termOfGone(months);
  const end = termEnd(vm.created_at, vm.term_months);
  return (end < hostNow() ? t.termOver : t.months)(months, format.date(end));
}
