import type { ActionPlan } from '@/shell/app/actions/action-plan';
import { type RowActionsProps, RowActions as Actions } from '@/shell/app/actions/row-actions';
import { type CommandName, ID } from './api';

/** Commands of a page, in display order. */
export type ActionPlans = Partial<Record<CommandName, ActionPlan>>;

interface Props extends Omit<RowActionsProps, 'product' | 'plans'> {
  plans: ActionPlans;
}

/** Actions of a row of this product. */
export function RowActions(props: Props) {
  return <Actions product={ID} {...props} />;
}
