import type { ComponentType } from 'react';
import type { Action } from '@/shell/api/contract';
import type { ButtonProps } from '@/shell/ui/button';

export interface ActionDialogProps {
  action: Action;
  /** What the command is about, for people. */
  name: string;
  close: () => void;
}

/** How a page gives one of the commands that rows offer. */
export interface ActionPlan {
  look: NonNullable<ButtonProps['look']>;
  /** What is said when it was done. */
  done: (name: string) => string;
  /** What has to be asked before; without it a click is enough. */
  Dialog?: ComponentType<ActionDialogProps>;
  /** A click is enough, and can be taken back for a moment before it takes effect. */
  delayed?: true;
}

/** The commands that a page shows, by name, in the order in which it shows them. */
export type ActionPlans = Partial<Record<string, ActionPlan>>;
