import { Link } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import type { Action, ProductId } from '@/shell/api/contract';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '@/shell/ui/menu';
import { usePageCommands } from '../layout/page-commands';
import { asLink } from '../product';
import { ActionButton } from './action-button';
import type { ActionPlan, ActionPlans } from './action-plan';
import { DelayedStatus } from './delayed-status';
import { type DelayedAction, useDelayed } from './delayed-store';
import { useSettledClicks } from './ignore-clicks';
import { useRunAction } from './use-run-action';

export interface RowActionsProps {
  product: ProductId;
  actions: Action[];
  plans: ActionPlans;
  /** Name of the row. */
  name: string;
  /** Placement of unavailable actions: among the others, or in a menu if there are many. */
  unavailable: 'in-place' | 'in-menu';
  size?: ButtonProps['size'];
}

/** Actions of a row, as the host offers them, in the order of `plans`. */
export function RowActions({ product, actions, plans, name, unavailable, size }: RowActionsProps) {
  const planned = Object.entries(plans).flatMap(([command, plan]) => {
    const action = actions.find(one => one.command === command);
    // Actions that the person's roles never permit are hidden.
    return action?.permitted && plan ? [{ action, plan }] : [];
  });
  const shown = planned.filter(({ action }) => action.allowed || unavailable === 'in-place');
  const hidden = planned.filter(({ action }) => !action.allowed && unavailable === 'in-menu');
  const delayed = useDelayed(product, actions);
  const { place, onClickCapture } = useButtonsThatChange(delayed);
  return (
    <div ref={place} onClickCapture={onClickCapture} className="contents">
      {delayed ? <DelayedStatus delayed={delayed} size={size} /> : null}
      {(delayed ? [] : shown).map(({ action, plan }) => (
        <PlannedAction
          key={action.command}
          product={product}
          action={action}
          plan={plan}
          name={name}
          size={size}
        />
      ))}
      {!delayed && hidden.length > 0 ? (
        <UnavailableMenu actions={hidden.map(({ action }) => action)} size={size} />
      ) : null}
    </div>
  );
}

/** Ignores clicks on buttons that replace pressed ones, and keeps the focus. */
function useButtonsThatChange(delayed: DelayedAction | undefined) {
  const place = useRef<HTMLDivElement>(null);
  const was = useRef(delayed);
  useEffect(() => {
    const takenBack = was.current && !delayed;
    was.current = delayed;
    if (takenBack && document.activeElement === document.body)
      place.current?.querySelector('button')?.focus();
  }, [delayed]);
  const state = typeof delayed?.state === 'object' ? 'failed' : (delayed?.state ?? '');
  return { place, onClickCapture: useSettledClicks(state) };
}

interface PlannedActionProps {
  product: ProductId;
  action: Action;
  plan: ActionPlan;
  name: string;
  size: ButtonProps['size'];
}

function PlannedAction({ product, action, plan, name, size }: PlannedActionProps) {
  const { run, isPending } = useRunAction(product, action, plan, name);
  const offered = useMemo(
    () => (action.allowed ? [{ label: `${action.title}: ${name}`, run }] : []),
    [action.allowed, action.title, name, run],
  );
  usePageCommands(offered);
  if (plan.page && action.allowed) {
    return (
      <Button asChild look={plan.look} size={size ?? 'normal'}>
        <Link {...asLink(plan.page(action))} data-command={action.command}>
          {action.title}
        </Link>
      </Button>
    );
  }
  return (
    <ActionButton action={action} look={plan.look} size={size ?? 'normal'} busy={isPending} onRun={run} />
  );
}

/** Menu of unavailable actions with reasons as text, since touch screens cannot hover. */
function UnavailableMenu({ actions, size }: { actions: Action[]; size: ButtonProps['size'] }) {
  const t = useShellText();
  const format = useFormat();
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button size={size === 'small' ? 'small' : 'icon'} aria-label={t.actions.more}>
          <Ellipsis aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        {actions.map(action => (
          <MenuItem
            key={action.command}
            aria-disabled
            className="items-start text-quiet"
            onSelect={event => event.preventDefault()}
          >
            <span className="grid gap-0.5">
              <span className="font-medium">{action.title}</span>
              <span className="text-xs">{format.sentence(action.why)}</span>
            </span>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
