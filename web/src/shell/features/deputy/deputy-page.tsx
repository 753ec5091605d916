import { useQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { ownDeputyQuery, useOwnDeputy } from './deputies';
import { DeputyForm } from './deputy-form';
import { text } from './text';

/** Deputy of the person, and the people for whom the person stands in. */
export function DeputyPage() {
  const t = useText(text);
  const { data, error, refetch } = useQuery(ownDeputyQuery);
  const changes = useOwnDeputy();
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {data ? (
        <div className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
          <Panel title={t.own}>
            <DeputyForm name="deputy" deputy={data.deputy} changes={changes} />
          </Panel>
          <Panel title={t.standsIn}>
            {data.stands_in_for.length === 0 ? (
              <p className="px-5 py-5 text-quiet">{t.standsInNone}</p>
            ) : (
              <ul aria-label={t.standsIn} className="divide-y divide-line">
                {data.stands_in_for.map(({ actor, name }) => (
                  <li key={actor} className="px-5 py-3 wrap-anywhere">
                    {t.standsInFor(name)}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={3} />
      )}
    </>
  );
}
