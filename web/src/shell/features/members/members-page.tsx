import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { RowList } from '@/shell/app/list/row-list';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { PageHeader } from '@/shell/app/page/page-header';
import { groupsQuery } from '@/shell/features/groups/groups';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { deputyPeriod } from './deputy-period';
import { InvitationsPanel } from './invitations-panel';
import { InviteMember } from './invite-member';
import { type Member, type MembersSearch, useMembers } from './members';
import { useRoleName } from './role-names';
import { membersRoute } from './routes';
import { text } from './text';

export function MembersPage() {
  const t = useText(text);
  const search = membersRoute.useSearch();
  const change = useChangeSearch<MembersSearch>(membersRoute.useNavigate());
  const setQuery = useCallback((q: string | undefined) => change({ q }), [change]);
  const rows = useMembers(search);
  const columns = useColumns();
  const { q, show } = search;
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} actions={<InviteMember />} />
      <InvitationsPanel />
      <FilterBar>
        <TextFilter value={q} onChange={setQuery} />
        <ChoiceFilter
          label={t.show}
          value={show}
          options={[
            { value: undefined, label: t.shows.current },
            { value: 'deputy', label: t.shows.deputy },
            { value: 'removed', label: t.shows.removed },
          ]}
          onChange={value => change({ show: value })}
        />
      </FilterBar>
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        link={row => ({ to: '/admin/members/$actor', params: { actor: row.actor } })}
        rowId={row => row.actor}
        filtered={Boolean(q)}
        onClearFilters={() => change({ q: undefined, show: undefined })}
        empty={
          <Empty sentence={show === 'deputy' ? t.noDeputies : t.empty}>
            <Button onClick={() => void rows.refetch()}>{t.reload}</Button>
          </Empty>
        }
      />
    </>
  );
}

function useColumns(): RowColumn<Member>[] {
  const t = useText(text);
  const format = useFormat();
  const roleName = useRoleName();
  const groups = useQuery(groupsQuery).data;
  return useMemo(() => {
    const groupName = (key: string) => groups?.find(group => group.key === key)?.name ?? key;
    const list = (names: string[]) => (names.length > 0 ? names.join(', ') : '–');
    return [
      { id: 'name', header: t.name, width: 20, least: 150, cell: row => <Name member={row} /> },
      {
        id: 'email',
        header: t.email,
        width: 16,
        whole: true,
        drop: 4,
        cell: row => <span className="text-xs">{row.email}</span>,
      },
      {
        id: 'roles',
        header: t.roles,
        width: 16,
        least: 130,
        cell: row =>
          row.roles.length > 0 ? list(row.roles.map(roleName)) : <Badge tone="idle">{t.removed}</Badge>,
      },
      {
        id: 'groups',
        header: t.groups,
        width: 14,
        least: 110,
        drop: 2,
        cell: row => list(row.groups.map(groupName)),
      },
      {
        id: 'manager',
        header: t.manager,
        width: 14,
        least: 120,
        drop: 3,
        cell: row => row.manager?.name || '–',
      },
      {
        id: 'cost-centre',
        header: t.costCentre,
        width: 8,
        least: 90,
        drop: 5,
        cell: row => row.cost_centre || '–',
      },
      {
        id: 'deputy',
        header: t.deputy,
        width: 16,
        least: 150,
        drop: 1,
        cell: row =>
          row.deputy ? <span className="wrap-anywhere">{deputyPeriod(row.deputy, t, format)}</span> : '–',
      },
    ];
  }, [t, format, roleName, groups]);
}

function Name({ member }: { member: Member }) {
  return <span className="font-medium wrap-anywhere">{member.name}</span>;
}
