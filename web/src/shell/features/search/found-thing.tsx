import { type LucideIcon, Sparkle } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Action, ProductId } from '@/shell/api/contract';
import type { ActionPlan, ActionPlans } from '@/shell/app/actions/action-plan';
import { useRunAction } from '@/shell/app/actions/use-run-action';
import type { FoundProps } from '@/shell/app/product';
import { CommandGroup, CommandItem } from '@/shell/ui/command';
import { ACTS, FOUND, foundId } from './score';

type Choose = FoundProps['choose'];

/** Results of one kind; hidden without results. */
export function FoundGroup(props: { heading: string; shown: boolean; children: ReactNode }) {
  return props.shown ? <CommandGroup heading={props.heading}>{props.children}</CommandGroup> : null;
}

interface FoundThingProps {
  product: ProductId;
  /** View of the result. */
  view: string;
  id: string;
  Icon: LucideIcon;
  name: string | null;
  about?: string | null;
  onSelect: () => void;
  children?: ReactNode;
}

/** Result whose name and address are never cut; details wrap below them. */
export function FoundThing(props: FoundThingProps) {
  const { product, view, id, Icon, name, about, onSelect, children } = props;
  return (
    <CommandItem value={foundId(product, view, id)} onSelect={onSelect}>
      <Icon aria-hidden />
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3 py-1">
        <span className="wrap-anywhere">{name}</span>
        {about ? <span className="text-xs text-quiet">{about}</span> : null}
      </span>
      <span className="shrink-0 text-xs">{children}</span>
    </CommandItem>
  );
}

interface FoundActionsProps {
  product: ProductId;
  actions: readonly Action[];
  plans: ActionPlans;
  name: string;
  /** Opens the page of the result. */
  open: () => Promise<void>;
  choose: Choose;
}

/** Available actions, in the order of the plans. */
export function FoundActions({ actions, plans, ...rest }: FoundActionsProps) {
  return Object.entries(plans).map(([command, plan]) => {
    const action = actions.find(one => one.command === command);
    if (!action?.permitted || !action.allowed || !plan) return null;
    return (
      <ActionItem key={`${command} ${JSON.stringify(action.body)}`} action={action} plan={plan} {...rest} />
    );
  });
}

interface ActionItemProps extends Omit<FoundActionsProps, 'actions' | 'plans'> {
  action: Action;
  plan: ActionPlan;
}

/** Runs a command on the result's page, where its effect is shown and can be undone. */
function ActionItem({ product, action, plan, name, open, choose }: ActionItemProps) {
  const { run } = useRunAction(product, action, plan, name);
  return (
    <CommandItem
      value={`${FOUND}${ACTS}${product}/${action.command} ${JSON.stringify(action.body)}`}
      onSelect={choose(() => void open().then(run))}
      className="ml-7"
    >
      <Sparkle aria-hidden />
      {`${action.title}: ${name}`}
    </CommandItem>
  );
}
