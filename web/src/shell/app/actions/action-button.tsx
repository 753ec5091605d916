import { useId } from 'react';
import type { Action } from '@/shell/api/contract';
import { useFormat } from '@/shell/i18n/format';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { Tooltip } from '@/shell/ui/tooltip';

interface ActionButtonProps extends Omit<ButtonProps, 'onClick' | 'asChild'> {
  action: Action;
  onRun: () => void;
}

/** Button of a command that the host offers. An unavailable one can be focused and explains why. */
export function ActionButton({ action, onRun, children, ...rest }: ActionButtonProps) {
  const id = useId();
  const label = children ?? action.title;
  const why = useFormat().sentence(action.why);
  if (action.allowed) {
    return (
      <Button {...rest} data-command={action.command} onClick={onRun}>
        {label}
      </Button>
    );
  }
  return (
    <>
      <Tooltip text={why}>
        <Button {...rest} aria-disabled aria-describedby={id}>
          {label}
        </Button>
      </Tooltip>
      <span id={id} className="sr-only">
        {why}
      </span>
    </>
  );
}
