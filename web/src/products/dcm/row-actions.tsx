import type { ActionPlan } from '@/shell/app/actions/action-plan';
import { type RowActionsProps, RowActions as Actions } from '@/shell/app/actions/row-actions';
import { type CommandName, ID } from './api';

/** The commands that a page shows, in the order in which it shows them. */
export type ActionPlans = Partial<Record<CommandName, ActionPlan>>;

interface Props extends Omit<RowActionsProps, 'product' | 'plans'> {
  plans: ActionPlans;
}

/** What may be done with a row of the product. */
export function RowActions(props: Props) {
  return <Actions product={ID} {...props} />;
}
