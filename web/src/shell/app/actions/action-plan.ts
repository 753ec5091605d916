import type { ComponentType } from 'react';
import type { Action } from '@/shell/api/contract';
import type { ButtonProps } from '@/shell/ui/button';
import type { Place } from '../product';

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
  /** Page that gives the command; the button is a link to it. */
  page?: (action: Action) => Place;
  /** Whether the command is delayed for a moment, in which it can be undone. */
  delayed?: true;
  /**
   * Dialog after a refusal that the person can overcome, such as one for a new price; undefined:
   * any other refusal, which is reported.
   */
  reconsider?: (cause: unknown) => ComponentType<ActionDialogProps> | undefined;
}

/** Commands of a page by name, in display order. */
export type ActionPlans = Partial<Record<string, ActionPlan>>;
