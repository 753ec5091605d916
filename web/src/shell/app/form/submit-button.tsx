import { type ReactNode, useId } from 'react';
import { Button } from '@/shell/ui/button';
import { Tooltip } from '@/shell/ui/tooltip';

interface SubmitButtonProps {
  busy: boolean;
  /** Reason why the person may not submit, shown at the button. */
  refused: string | null;
  children: ReactNode;
}

export function SubmitButton({ busy, refused, children }: SubmitButtonProps) {
  const id = useId();
  if (!refused) {
    return (
      <Button type="submit" look="primary" busy={busy}>
        {children}
      </Button>
    );
  }
  return (
    <>
      <Tooltip text={refused}>
        <Button look="primary" aria-disabled aria-describedby={id}>
          {children}
        </Button>
      </Tooltip>
      <span id={id} className="sr-only">
        {refused}
      </span>
    </>
  );
}
