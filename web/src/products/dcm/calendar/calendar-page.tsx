import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type Row, useRows } from '../api';
import { AUDIT, POLICY } from '../permissions';
import { type CalendarDocument, DEFAULT_CALENDAR, toDraft } from './calendar-draft';
import { CalendarForm } from './calendar-form';
import { CalendarWords } from './calendar-words';
import { text } from './text';

export const CalendarPage = onlyFor([POLICY, AUDIT], Page);

function Page() {
  const t = useText(text);
  const mayEdit = may(useSession(), POLICY);
  const { data, error, refetch } = useRows('calendar', { limit: 1 });
  const row = data?.[0];
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {data ? (
        <div className="grid gap-4">
          <Changed row={row} />
          {mayEdit ? <Editing row={row} /> : <CalendarWords calendar={calendarOf(row)} />}
        </div>
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={8} />
      )}
    </>
  );
}

type CalendarRow = Row<'calendar'> | undefined;

const calendarOf = (row: CalendarRow) => (row ? (row.calendar as CalendarDocument) : DEFAULT_CALENDAR);

function Changed({ row }: { row: CalendarRow }) {
  const t = useText(text);
  const format = useFormat();
  return (
    <p className="text-sm text-quiet">
      {row ? t.changed(format.dateTime(row.changed_at), row.changed_by_name ?? t.someone) : t.isDefault}
    </p>
  );
}

/** Form of the present calendar. Input stays when the row changes. */
function Editing({ row }: { row: CalendarRow }) {
  const set = row?.actions.find(action => action.command === 'set-calendar');
  return (
    <CalendarForm
      stored={{
        values: toDraft(calendarOf(row)),
        tag: row?.position ?? '',
        by: row?.changed_by_name ?? null,
        at: row?.changed_at ?? null,
      }}
      revision={row?.revision ?? 0}
      refused={set && !set.allowed ? set.why : null}
    />
  );
}
