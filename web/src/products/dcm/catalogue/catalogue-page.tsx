import { Link } from '@tanstack/react-router';
import { ArrowRight, Cpu, MemoryStick } from 'lucide-react';
import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { ActionButton } from '@/shell/app/actions/action-button';
import { Empty } from '@/shell/app/list/empty';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useAllRows } from '../api';
import { OFFER, REQUEST } from '../permissions';
import { DraftsPanel } from './drafts-panel';
import { text } from './text';

export function CataloguePage() {
  const t = useText(text);
  const {
    data: offerings,
    error,
    refetch,
  } = useAllRows('offerings', { active: 'true', sort: 'name', limit: 200 });
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {may(useSession(), REQUEST) ? <DraftsPanel /> : null}
      {!offerings && shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : offerings?.length === 0 ? (
        <NothingOffered />
      ) : (
        <ul className="grid gap-4 @xl:grid-cols-2 @4xl:grid-cols-3">
          {offerings
            ? offerings.map(offering => <Offering key={offering.key} offering={offering} />)
            : [1, 2, 3].map(place => <SkeletonOffering key={place} />)}
        </ul>
      )}
    </>
  );
}

function NothingOffered() {
  const t = useText(text);
  const session = useSession();
  return (
    <Empty sentence={t.empty}>
      {may(session, OFFER) ? (
        <Button look="primary" asChild>
          <Link to={'/admin/offerings/new' as string}>{t.emptyAction}</Link>
        </Button>
      ) : null}
    </Empty>
  );
}

function Offering({ offering: row }: { offering: Row<'offerings'> }) {
  const t = useText(text);
  const format = useFormat();
  const money = (cents: number | null) => format.money(cents, row.currency);
  return (
    <li className="flex flex-col rounded-xl border border-line bg-surface shadow-low">
      <div className="grid flex-1 content-start gap-4 p-5">
        <div className="grid gap-0.5">
          <h2 className="text-lg font-semibold">{row.name}</h2>
          <p className="text-quiet">{row.image}</p>
        </div>
        <ul className="grid gap-1.5 text-sm [&_svg]:size-4 [&_svg]:text-quiet">
          <li className="flex items-center gap-2.5">
            <Cpu aria-hidden />
            {t.cpus(format.number(row.cpu_min), format.number(row.cpu_max))}
          </li>
          <li className="flex items-center gap-2.5">
            <MemoryStick aria-hidden />
            {t.memory(format.number(row.memory_gb_min), format.number(row.memory_gb_max))}
          </li>
        </ul>
        <dl className="grid grid-cols-3 gap-2 rounded-lg bg-sunken px-3.5 py-2.5 text-sm">
          <Price label={t.base} value={money(row.base_cents)} />
          <Price label={t.perCpu} value={money(row.cpu_cents)} />
          <Price label={t.perGb} value={money(row.gb_cents)} />
        </dl>
      </div>
      <div className="flex items-center justify-end border-t border-line px-5 py-3">
        <RequestIt offering={row} />
      </div>
    </li>
  );
}

function Price({ label, value }: { label: string; value: string }) {
  return (
    <div className="grid">
      <dt className="text-xs text-quiet">{label}</dt>
      <dd className="font-medium">{value}</dd>
    </div>
  );
}

function RequestIt({ offering }: { offering: Row<'offerings'> }) {
  const action = offering.actions.find(one => one.command === 'request-vm');
  if (!action?.permitted) return null;
  if (!action.allowed) return <ActionButton action={action} look="primary" onRun={() => undefined} />;
  return (
    <Button look="primary" asChild>
      <Link
        to="/catalogue/$offering"
        params={{ offering: offering.key }}
        aria-label={`${action.title}: ${offering.name ?? offering.key}`}
      >
        {action.title}
        <ArrowRight aria-hidden />
      </Link>
    </Button>
  );
}

function SkeletonOffering() {
  return (
    <li className="grid gap-4 rounded-xl border border-line bg-surface p-5">
      <Skeleton className="h-5 w-1/2" />
      <Skeleton className="w-1/3" />
      <Skeleton className="w-2/3" />
      <Skeleton className="h-12 rounded-lg" />
    </li>
  );
}
