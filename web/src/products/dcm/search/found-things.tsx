import { useNavigate } from '@tanstack/react-router';
import { ArrowLeftRight, Boxes, Server, User } from 'lucide-react';
import { Fragment } from 'react';
import { may, useSession } from '@/shell/api/session';
import type { FoundProps } from '@/shell/app/product';
import { FoundActions, FoundGroup, FoundThing } from '@/shell/features/search/found-thing';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { ID, type Row } from '../api';
import { OFFER } from '../permissions';
import { useRequestPlans } from '../requests/request-plans';
import { RequestStatus } from '../requests/status-badge';
import { isOld } from '../vms/age';
import { offered } from '../vms/may-be-forgotten';
import { useVmPlans } from '../vms/vm-plans';
import { Power, VmStatus } from '../vms/vm-status';
import { type Person, peopleIn } from './people';
import { text } from './text';

/** Number of results up to which their actions are shown beside them. */
const FEW = 3;

type Choose = FoundProps['choose'];

/** Search results of this product with their states, and with actions if there are few. */
export function FoundThings({ rows, words, choose }: FoundProps) {
  const { vms = [], requests = [], offerings = [] } = rows as unknown as FoundRows;
  const few = vms.length + requests.length <= FEW;
  return (
    <>
      <Vms vms={vms} few={few} choose={choose} />
      <Requests requests={requests} few={few} choose={choose} />
      <People people={peopleIn([...vms, ...requests], words)} choose={choose} />
      <Offerings offerings={offerings} choose={choose} />
    </>
  );
}

/** Rows of the views in `sources`. */
interface FoundRows {
  vms?: Row<'vms'>[];
  requests?: Row<'requests'>[];
  offerings?: Row<'offerings'>[];
}

function Vms({ vms, few, choose }: { vms: Row<'vms'>[]; few: boolean; choose: Choose }) {
  const t = useText(text);
  const navigate = useNavigate();
  const plans = useVmPlans();
  return (
    <FoundGroup heading={t.vms} shown={vms.length > 0}>
      {vms.map(vm => {
        const open = () => navigate({ to: '/vms/$id', params: { id: vm.key } });
        const common = { product: ID, choose, open, name: vm.name ?? '' } as const;
        return (
          <Fragment key={vm.key}>
            <FoundThing
              product={ID}
              view="vms"
              id={vm.key}
              Icon={Server}
              name={vm.name}
              about={vm.ip}
              onSelect={choose(() => void open())}
            >
              {vm.terminal ? <VmStatus row={vm} /> : <Power state={vm.power} old={isOld(vm)} />}
            </FoundThing>
            {few ? <FoundActions {...common} actions={offered(vm)} plans={plans} /> : null}
          </Fragment>
        );
      })}
    </FoundGroup>
  );
}

function Requests(props: { requests: Row<'requests'>[]; few: boolean; choose: Choose }) {
  const { requests, few, choose } = props;
  const t = useText(text);
  const navigate = useNavigate();
  // The source of a retry is shown on the page of the request alone.
  const { 'retry-request': _, ...plans } = useRequestPlans();
  return (
    <FoundGroup heading={t.requests} shown={requests.length > 0}>
      {requests.map(request => {
        const open = () => navigate({ to: '/requests/$id', params: { id: request.key } });
        const common = { product: ID, choose, open, name: request.vm_name ?? '' } as const;
        return (
          <Fragment key={request.key}>
            <FoundThing
              product={ID}
              view="requests"
              id={request.key}
              Icon={ArrowLeftRight}
              name={request.vm_name}
              about={request.requester_name}
              onSelect={choose(() => void open())}
            >
              <RequestStatus row={request} />
            </FoundThing>
            {few ? <FoundActions {...common} actions={request.actions} plans={plans} /> : null}
          </Fragment>
        );
      })}
    </FoundGroup>
  );
}

function People({ people, choose }: { people: Person[]; choose: Choose }) {
  const t = useText(text);
  const navigate = useNavigate();
  return (
    <FoundGroup heading={t.people} shown={people.length > 0}>
      {people.map(({ id, name }) => (
        <Fragment key={id}>
          <FoundThing
            product={ID}
            view="vms"
            id={`of ${id}`}
            Icon={User}
            name={t.vmsOf(name)}
            onSelect={choose(
              () => void navigate({ to: '/vms', search: { q: name, show: 'all', whose: 'all' } }),
            )}
          />
          <FoundThing
            product={ID}
            view="requests"
            id={`of ${id}`}
            Icon={User}
            name={t.requestsOf(name)}
            onSelect={choose(() => void navigate({ to: '/requests', search: { q: name, whose: 'all' } }))}
          />
        </Fragment>
      ))}
    </FoundGroup>
  );
}

function Offerings({ offerings, choose }: { offerings: Row<'offerings'>[]; choose: Choose }) {
  const t = useText(text);
  const navigate = useNavigate();
  const offers = may(useSession(), OFFER);
  return (
    <FoundGroup heading={t.offerings} shown={offerings.length > 0}>
      {offerings.map(offering => (
        <FoundThing
          key={offering.key}
          product={ID}
          view="offerings"
          id={offering.key}
          Icon={Boxes}
          name={offering.name}
          about={offering.image}
          onSelect={choose(() =>
            offers
              ? void navigate({ to: '/admin/offerings/$key', params: { key: offering.key } })
              : void navigate({ to: '/catalogue/$offering', params: { offering: offering.key } }),
          )}
        >
          <Badge tone={offering.active ? 'good' : 'idle'}>{offering.status_text}</Badge>
        </FoundThing>
      ))}
    </FoundGroup>
  );
}
