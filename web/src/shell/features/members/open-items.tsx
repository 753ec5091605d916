import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useProducts } from '@/shell/app/product';
import { pageOf } from '@/shell/features/audit/page-of';
import { useText } from '@/shell/i18n/use-text';
import { type OpenItem, openItemsQuery } from './members';
import { text } from './text';

/** Number of items that are shown of each list. */
const SHOWN = 5;

interface OpenItemsProps {
  actor: string;
  name: string;
}

/** Open items of a member, with the effect of a removal on them. */
export function OpenItems({ actor, name }: OpenItemsProps) {
  const t = useText(text).open;
  const { data, error, refetch } = useQuery(openItemsQuery(actor));
  if (!data && shownHere(error)) return <ProblemAlert cause={error} onRetry={() => void refetch()} />;
  if (!data) return <p className="text-sm text-quiet">{t.loading}</p>;
  const { own, waiting } = data;
  if (own.total + waiting.total === 0) return <p className="text-sm">{t.none(name)}</p>;
  return (
    <>
      <List title={t.own(own.total)} lead={t.ownLead} {...own} />
      <List title={t.waiting(waiting.total)} lead={t.waitingLead} {...waiting} />
    </>
  );
}

interface ListProps {
  title: string;
  lead: string;
  items: OpenItem[];
  total: number;
}

function List({ title, lead, items, total }: ListProps) {
  const t = useText(text).open;
  if (total === 0) return null;
  const shown = items.slice(0, SHOWN);
  return (
    <section aria-label={title} className="grid gap-1 text-sm">
      <h3 className="font-medium">{title}</h3>
      <p>{lead}</p>
      <ul className="list-disc pl-5">
        {shown.map(item => (
          <Item key={item.object} item={item} />
        ))}
      </ul>
      {total > shown.length ? <p>{t.more(total - shown.length)}</p> : null}
    </section>
  );
}

function Item({ item }: { item: OpenItem }) {
  const t = useText(text).open;
  const page = pageOf({ plugin: null, object: item.object, about: null }, useProducts());
  const details = [item.status_text, item.alone ? t.alone : null].filter(Boolean).join(', ');
  return (
    <li className="wrap-anywhere">
      {page ? (
        <Link {...page} className="rounded text-text underline underline-offset-2 hover:text-accent-text">
          {item.name}
        </Link>
      ) : (
        item.name
      )}
      {details ? ` · ${details}` : null}
    </li>
  );
}
