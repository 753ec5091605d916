import { Link } from '@tanstack/react-router';
import { useCallback, useId, useMemo } from 'react';
import { Empty } from '@/shell/app/list/empty';
import { Failure, FailureList, contains } from '@/shell/app/list/failure-list';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { useFormat } from '@/shell/i18n/format';
import { textOfCode } from '@/shell/i18n/text-of-code';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type CommandName, type Row, useRows } from '../api';
import { OPERATE } from '../permissions';
import { useRequestPlans } from '../requests/request-plans';
import { RetrySource, useActionsAsSeen } from '../requests/retry-source';
import { stepText } from '../requests/step-text';
import { type ActionPlans, RowActions } from '../row-actions';
import { OTHER_VCENTER, mayBeForgotten } from '../vms/may-be-forgotten';
import { useVmPlans } from '../vms/vm-plans';
import { failedRequestsRoute } from './routes';
import { text } from './text';

const PAGE = 100;

export const FailedRequestsPage = onlyFor(OPERATE, Page);

function Page() {
  const t = useText(text);
  const { q } = failedRequestsRoute.useSearch();
  const navigate = failedRequestsRoute.useNavigate();
  const setQuery = useCallback(
    (query: string | undefined) => void navigate({ search: { q: query }, replace: true }),
    [navigate],
  );
  const rows = useRows('requests', { status: 'failed', sort: '-updated_at', limit: PAGE });
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <FilterBar>
        <TextFilter value={q} onChange={setQuery} />
      </FilterBar>
      <FailureList
        label={t.title}
        rows={rows}
        rowId={row => row.key}
        matches={row => contains(q, row.vm_name, row.requester_name, row.waiting_on, row.trace_id)}
        onClearFilters={() => setQuery(undefined)}
        Card={FailedRequest}
        empty={
          <Empty sentence={t.empty}>
            <Button asChild>
              <Link to="/requests">{t.toRequests}</Link>
            </Button>
          </Empty>
        }
      />
      {rows.data ? <NotCancelled query={q} onClearFilters={() => setQuery(undefined)} /> : null}
      {rows.data ? <FailedVms query={q} onClearFilters={() => setQuery(undefined)} /> : null}
    </>
  );
}

const nameStyle = 'rounded text-text hover:text-accent-text hover:underline';

const REPAIRS: readonly CommandName[] = ['retry-request', 'cancel-request'];
const CANCELS: readonly CommandName[] = ['cancel-request'];
const CANCELS_ELSEWHERE: readonly CommandName[] = ['cancel-without-removal', 'cancel-request'];
const REMOVES: readonly CommandName[] = ['decommission-vm'];
const FORGETS: readonly CommandName[] = ['confirm-gone', 'decommission-vm'];

/** Selects the plans of some commands. */
function useSome(plans: ActionPlans, commands: readonly CommandName[]): ActionPlans {
  return useMemo(
    () =>
      Object.fromEntries(commands.flatMap(command => (plans[command] ? [[command, plans[command]]] : []))),
    [plans, commands],
  );
}

function FailedRequest({ row }: { row: Row<'requests'> }) {
  const t = useText(text);
  const { steps } = useText(stepText);
  const format = useFormat();
  const cancels = row.error_code === OTHER_VCENTER ? CANCELS_ELSEWHERE : CANCELS;
  const plans = useSome(useRequestPlans(), row.status === 'failed' ? REPAIRS : cancels);
  const actions = useActionsAsSeen(row);
  return (
    <Failure
      title={
        <Link to="/requests/$id" params={{ id: row.key }} className={nameStyle}>
          {row.vm_name}
        </Link>
      }
      heading={row.status === 'failed' ? 'h2' : 'h3'}
      sentence={
        <>
          {format.sentence(row.waiting_on) ?? row.error_code}
          {row.status === 'failed' ? <RetrySource request={row} /> : null}
        </>
      }
      facts={[
        { label: t.step, value: textOfCode(steps, row.failed_step) || '–' },
        { label: t.requester, value: row.requester_name ?? '–' },
        { label: t.attempt, value: format.number(row.attempt) },
        { label: t.failed, value: format.since(row.updated_at) },
      ]}
      details={row.error_message ? <span lang="en">{row.error_message}</span> : null}
      detailsLabel={t.details}
      trace={row.trace_id}
      actions={
        <RowActions actions={actions} plans={plans} name={row.vm_name ?? row.key} unavailable="in-place" />
      }
    />
  );
}

interface SectionProps {
  query: string | undefined;
  onClearFilters: () => void;
}

/** Hidden while there are none. */
function NotCancelled({ query, onClearFilters }: SectionProps) {
  const t = useText(text);
  const id = useId();
  const rows = useRows('requests', { status: 'cancel-failed', sort: '-updated_at', limit: PAGE });
  const matches = (row: Row<'requests'>) =>
    contains(query, row.vm_name, row.requester_name, row.waiting_on, row.trace_id);
  if (rows.data ? !rows.data.some(matches) : !rows.error) return null;
  return (
    <section aria-labelledby={id} className="mt-10">
      <h2 id={id} className="text-lg font-semibold">
        {t.notCancelled}
      </h2>
      <p className="mt-1 mb-4 text-quiet">{t.notCancelledLead}</p>
      <FailureList
        label={t.notCancelled}
        rows={rows}
        rowId={row => row.key}
        matches={matches}
        onClearFilters={onClearFilters}
        Card={FailedRequest}
        empty={null}
        withoutKeys
      />
    </section>
  );
}

/** VMs that failed, repaired by the same people; hidden while there are none. */
function FailedVms({ query, onClearFilters }: SectionProps) {
  const t = useText(text);
  const id = useId();
  const rows = useRows('vms', { status: 'decommission-failed', sort: 'name', limit: PAGE });
  const matches = (row: Row<'vms'>) =>
    contains(query, row.name, row.requester_name, row.waiting_on, row.trace_id);
  if (rows.data ? !rows.data.some(matches) : !rows.error) return null;
  return (
    <section aria-labelledby={id} className="mt-10">
      <h2 id={id} className="text-lg font-semibold">
        {t.vms}
      </h2>
      <p className="mt-1 mb-4 text-quiet">{t.vmsLead}</p>
      <FailureList
        label={t.vms}
        rows={rows}
        rowId={row => row.key}
        matches={matches}
        onClearFilters={onClearFilters}
        Card={FailedVm}
        empty={null}
        withoutKeys
      />
    </section>
  );
}

function FailedVm({ row }: { row: Row<'vms'> }) {
  const t = useText(text);
  const { steps } = useText(stepText);
  const format = useFormat();
  const name = row.name ?? row.key;
  const plans = useSome(useVmPlans(), mayBeForgotten(row) ? FORGETS : REMOVES);
  return (
    <Failure
      title={
        <Link to="/vms/$id" params={{ id: row.key }} className={nameStyle}>
          {name}
        </Link>
      }
      heading="h3"
      sentence={format.sentence(row.waiting_on) ?? row.error_code}
      facts={[
        { label: t.step, value: textOfCode(steps, row.failed_step) || '–' },
        { label: t.requester, value: row.requester_name ?? '–' },
      ]}
      details={row.error_message ? <span lang="en">{row.error_message}</span> : null}
      detailsLabel={t.details}
      trace={row.trace_id}
      actions={<RowActions actions={row.actions} plans={plans} name={name} unavailable="in-place" />}
    />
  );
}
