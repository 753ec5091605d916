import { useNavigate } from '@tanstack/react-router';
import { ArrowLeftRight, Boxes, Server, Sparkle, User } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Action } from '@/api/rows';
import { may, useSession } from '@/api/session';
import type { ActionPlan, ActionPlans } from '@/app/actions/action-plan';
import { useRunAction } from '@/app/actions/use-run-action';
import { RequestStatus } from '@/features/requests/status-badge';
import { useRequestPlans } from '@/features/requests/request-plans';
import { isOld } from '@/features/vms/age';
import { offered } from '@/features/vms/may-be-forgotten';
import { useVmPlans } from '@/features/vms/vm-plans';
import { Power, VmStatus } from '@/features/vms/vm-status';
import { useText } from '@/i18n/use-text';
import { Badge } from '@/ui/badge';
import { CommandGroup, CommandItem } from '@/ui/command';
import { ACTS, FOUND } from './score';
import { text } from './text';
import type { Found } from './use-found';

/** With so few things their actions fit beside them. */
const FEW = 3;

/** The value of the first entry; null: there is none. */
export function firstOf({ vms, requests, people, offerings }: Found): string | null {
  if (vms[0]) return `${FOUND}vms/${vms[0].key}`;
  if (requests[0]) return `${FOUND}requests/${requests[0].key}`;
  if (people[0]) return `${FOUND}vms of ${people[0].id}`;
  return offerings[0] ? `${FOUND}offerings/${offerings[0].key}` : null;
}

interface FoundThingsProps {
  found: Found;
  /** Closes the palette and does this. */
  choose: (run: () => void) => () => void;
}

/** What the host has found, with its state, and what may be done with it where it is little. */
export function FoundThings({ found, choose }: FoundThingsProps) {
  const t = useText(text);
  const navigate = useNavigate();
  const offers = may(useSession(), 'dcm.offer');
  const few = found.vms.length + found.requests.length <= FEW;
  const vmPlans = useVmPlans();
  // What a retry builds from is said on the request's page alone.
  const { 'retry-request': _, ...requestPlans } = useRequestPlans();
  return (
    <>
      <Group heading={t.vms} shown={found.vms.length > 0}>
        {found.vms.flatMap(vm => {
          const open = () => navigate({ to: '/vms/$id', params: { id: vm.key } });
          return [
            <Thing
              key={vm.key}
              id={`vms/${vm.key}`}
              Icon={Server}
              name={vm.name}
              about={vm.ip}
              onSelect={choose(() => void open())}
            >
              {vm.terminal ? <VmStatus row={vm} /> : <Power state={vm.power} old={isOld(vm)} />}
            </Thing>,
            ...(few ? actionItems(offered(vm), vmPlans, vm.name ?? '', open, choose) : []),
          ];
        })}
      </Group>
      <Group heading={t.requests} shown={found.requests.length > 0}>
        {found.requests.flatMap(request => {
          const open = () => navigate({ to: '/requests/$id', params: { id: request.key } });
          return [
            <Thing
              key={request.key}
              id={`requests/${request.key}`}
              Icon={ArrowLeftRight}
              name={request.vm_name}
              about={request.requester_name}
              onSelect={choose(() => void open())}
            >
              <RequestStatus row={request} />
            </Thing>,
            ...(few ? actionItems(request.actions, requestPlans, request.vm_name ?? '', open, choose) : []),
          ];
        })}
      </Group>
      <Group heading={t.people} shown={found.people.length > 0}>
        {found.people.flatMap(({ id, name }) => [
          <Thing
            key={`vms of ${id}`}
            id={`vms of ${id}`}
            Icon={User}
            name={t.vmsOf(name)}
            onSelect={choose(
              () => void navigate({ to: '/vms', search: { q: name, show: 'all', whose: 'all' } }),
            )}
          />,
          <Thing
            key={`requests of ${id}`}
            id={`requests of ${id}`}
            Icon={User}
            name={t.requestsOf(name)}
            onSelect={choose(() => void navigate({ to: '/requests', search: { q: name, whose: 'all' } }))}
          />,
        ])}
      </Group>
      <Group heading={t.offerings} shown={found.offerings.length > 0}>
        {found.offerings.map(offering => (
          <Thing
            key={offering.key}
            id={`offerings/${offering.key}`}
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
          </Thing>
        ))}
      </Group>
    </>
  );
}

function Group({ heading, shown, children }: { heading: string; shown: boolean; children: ReactNode }) {
  return shown ? <CommandGroup heading={heading}>{children}</CommandGroup> : null;
}

interface ThingProps {
  id: string;
  Icon: typeof Server;
  name: string | null;
  about?: string | null;
  onSelect: () => void;
  children?: ReactNode;
}

/** Name and address stay whole; what is beside them wraps under them where there is no room. */
function Thing({ id, Icon, name, about, onSelect, children }: ThingProps) {
  return (
    <CommandItem value={`${FOUND}${id}`} onSelect={onSelect}>
      <Icon aria-hidden />
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3 py-1">
        <span className="break-words">{name}</span>
        {about ? <span className="text-xs text-quiet">{about}</span> : null}
      </span>
      <span className="shrink-0 text-xs">{children}</span>
    </CommandItem>
  );
}

/** Those that are allowed, in the order of the plans. */
function actionItems(
  actions: Action[],
  plans: ActionPlans,
  name: string,
  open: () => Promise<void>,
  choose: FoundThingsProps['choose'],
): ReactNode[] {
  return Object.entries(plans).flatMap(([command, plan]) => {
    const action = actions.find(one => one.command === command);
    if (!action?.permitted || !action.allowed || !plan) return [];
    const key = `${command} ${JSON.stringify(action.body)}`;
    return [
      <ActionItem key={key} id={key} action={action} plan={plan} name={name} open={open} choose={choose} />,
    ];
  });
}

interface ActionItemProps extends Pick<FoundThingsProps, 'choose'> {
  id: string;
  action: Action;
  plan: ActionPlan;
  name: string;
  open: () => Promise<void>;
}

/** Gives the command on the page of the thing, where its effect is seen and can be taken back. */
function ActionItem({ id, action, plan, name, open, choose }: ActionItemProps) {
  const { run } = useRunAction(action, plan, name);
  return (
    <CommandItem
      value={`${FOUND}${ACTS}${id}`}
      onSelect={choose(() => void open().then(run))}
      className="ml-7"
    >
      <Sparkle aria-hidden />
      {`${action.title}: ${name}`}
    </CommandItem>
  );
}
