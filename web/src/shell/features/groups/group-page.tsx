import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { endsSession, shownHere } from '@/shell/api/problem';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { RowList } from '@/shell/app/list/row-list';
import { NotFoundPage } from '@/shell/app/page/not-found-page';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import type { Found } from '@/shell/app/people/people';
import { PersonDialog } from '@/shell/app/people/person-dialog';
import { membersSource } from '@/shell/features/members/members';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog } from '@/shell/ui/dialog';
import { Skeleton } from '@/shell/ui/skeleton';
import { toast } from '@/shell/ui/toast';
import { DeleteGroup } from './delete-group';
import { type Group, type GroupMember, groupsQuery, useGroupChanges, useGroupMembers } from './groups';
import { RenameGroup } from './rename-group';
import { groupRoute } from './routes';
import { text } from './text';

export function GroupPage() {
  const t = useText(text);
  const { group: key } = groupRoute.useParams();
  const { data, error, refetch } = useQuery(groupsQuery);
  const group = data?.find(one => one.key === key);
  if (data && !group) return <NotFoundPage />;
  return (
    <>
      <PageHeader
        title={group?.name}
        lead={t.keyOf(key)}
        up={{ to: '/admin/groups', label: t.title }}
        actions={
          group ? (
            <>
              <RenameGroup group={group} />
              <DeleteGroup group={group} />
            </>
          ) : null
        }
      />
      {group ? (
        <Members key={key} group={group} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton aria-busy className="h-24" />
      )}
    </>
  );
}

/** Members of the group. Adding and removing take effect at once, and each undoes the other. */
function Members({ group }: { group: Group }) {
  const t = useText(text);
  const rows = useGroupMembers(group.key);
  const { addMember, removeMember } = useGroupChanges();
  const [adding, setAdding] = useState(false);
  const [busy, setBusy] = useState<string | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async (actor: string, send: Promise<void>, done: string) => {
    setBusy(actor);
    setRefused(null);
    try {
      await send;
      toast.success(done);
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(null);
    }
  };
  const add = ({ actor, name }: Found) => {
    setAdding(false);
    void run(actor, addMember(group.key, actor), t.add.done(name, group.name));
  };
  const drop = ({ actor, name }: GroupMember) =>
    void run(actor, removeMember(group.key, actor), t.drop.done(name, group.name));
  const columns = useColumns(busy, drop);
  const button = (
    <Button look="primary" onClick={() => setAdding(true)}>
      {t.add.action}
    </Button>
  );
  return (
    <div className="grid gap-4">
      {shownHere(refused) ? <ProblemAlert cause={refused} /> : null}
      {rows.data?.length === 0 ? null : <div>{button}</div>}
      <RowList
        label={t.members}
        rows={rows}
        columns={columns}
        link={row => ({ to: '/admin/members/$actor', params: { actor: row.actor } })}
        rowId={row => row.actor}
        filtered={false}
        empty={<Empty sentence={t.noMembers}>{button}</Empty>}
      />
      <Dialog open={adding} onOpenChange={setAdding}>
        {adding ? (
          <PersonDialog title={t.add.title(group.name)} source={membersSource} onChoose={add} />
        ) : null}
      </Dialog>
    </div>
  );
}

function useColumns(busy: string | null, drop: (member: GroupMember) => void): RowColumn<GroupMember>[] {
  const t = useText(text);
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.name,
        width: 50,
        cell: row => <span className="font-medium wrap-anywhere">{row.name}</span>,
      },
      {
        id: 'email',
        header: t.email,
        width: 40,
        whole: true,
        drop: 1,
        cell: row => <span className="text-xs">{row.email}</span>,
      },
      {
        id: 'drop',
        header: t.drop.header,
        width: 10,
        whole: true,
        align: 'end',
        card: 'beside',
        cell: row => (
          <Button
            size="small"
            className="relative"
            aria-label={t.drop.of(row.name)}
            busy={busy === row.actor}
            onClick={() => drop(row)}
          >
            {t.drop.action}
          </Button>
        ),
      },
    ],
    [t, busy, drop],
  );
}
