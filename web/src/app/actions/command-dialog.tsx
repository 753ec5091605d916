import type { ReactNode } from 'react';
import type { FieldValues } from 'react-hook-form';
import { useShellText } from '@/i18n/shell-text';
import { Button, type ButtonProps } from '@/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/ui/dialog';
import { FormAlert } from '../form/form-alert';
import type { CommandForm } from '../form/use-command-form';

interface CommandDialogProps<F extends FieldValues> {
  title: string;
  lead: ReactNode;
  /** The name of the button that does it. */
  submitLabel: string;
  look: ButtonProps['look'];
  command: CommandForm<F>;
  close: () => void;
  /** Fields. */
  children?: ReactNode;
}

/** Asks before a command is given, for what is missing or whether it is meant. */
export function CommandDialog<F extends FieldValues>(props: CommandDialogProps<F>) {
  const { title, lead, submitLabel, look, command, close, children } = props;
  const t = useShellText();
  return (
    <Dialog open onOpenChange={open => !open && !command.busy && close()}>
      <DialogContent title={title} lead={lead} closeLabel={t.close}>
        <form noValidate onSubmit={command.submit} className="grid gap-4">
          {children}
          <FormAlert alert={command.alert} />
          <DialogActions>
            <Button onClick={close}>{t.cancel}</Button>
            <Button type="submit" look={look} busy={command.busy}>
              {submitLabel}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
