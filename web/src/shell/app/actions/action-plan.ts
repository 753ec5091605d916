import type { ComponentType } from 'react';
import type { Action } from '@/shell/api/contract';
import type { ButtonProps } from '@/shell/ui/button';

export interface ActionDialogProps {
  action: Action;
  /** Name of the command's subject. */
  name: string;
  close: () => void;
}

/** Way in which a page gives one of the commands that rows offer. */
export interface ActionPlan {
  look: NonNullable<ButtonProps['look']>;
  /** Message after success. */
  done: (name: string) => string;
  /** Dialog before the command; without one a click gives the command. */
  Dialog?: ComponentType<ActionDialogProps>;
  /** Whether the command is delayed for a moment, in which it can be undone. */
  delayed?: true;
}

/** Commands of a page by name, in display order. */
export type ActionPlans = Partial<Record<string, ActionPlan>>;
