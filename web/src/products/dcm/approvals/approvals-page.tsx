import { useCallback } from 'react';
import { may, useSession } from '@/shell/api/session';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { PageHeader } from '@/shell/app/page/page-header';
import { useText } from '@/shell/i18n/use-text';
import { READERS_OF_ALL } from '../permissions';
import { Decided, Inbox, approvalsRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof approvalsRoute.useSearch>;

export function ApprovalsPage() {
  const t = useText(text);
  const search = approvalsRoute.useSearch();
  const change = useChangeSearch<Search>(approvalsRoute.useNavigate());
  const setQuery = useCallback((q: string | undefined) => change({ q }), [change]);
  const readsAll = may(useSession(), ...READERS_OF_ALL);
  const decided = search.show === 'decided';
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <FilterBar>
        {decided ? <TextFilter value={search.q} onChange={setQuery} /> : null}
        <ChoiceFilter
          label={t.show}
          value={search.show}
          options={[
            { value: undefined, label: t.waiting },
            ...(readsAll ? [{ value: 'all' as const, label: t.waitingAll }] : []),
            { value: 'decided', label: t.decided },
          ]}
          onChange={show => change({ show, q: undefined, sort: undefined })}
        />
      </FilterBar>
      {decided ? (
        <Decided />
      ) : (
        <Inbox all={readsAll && search.show === 'all'} onDecided={() => change({ show: 'decided' })} />
      )}
    </>
  );
}
