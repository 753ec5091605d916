import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { FieldValues } from 'react-hook-form';
import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { UnsentNote } from '../form/unsent-note';
import { FormAlert } from '../form/form-alert';
import type { CommandForm } from '../form/use-command-form';

interface CommandDialogProps<F extends FieldValues> {
  title: string;
  lead: ReactNode;
  /** Label of the submit button. */
  submitLabel: string;
  look: ButtonProps['look'];
  command: CommandForm<F>;
  /** Reason why the command is no longer possible, because another person acted. */
  impossible?: string | null;
  close: () => void;
  /** Form fields. */
  children?: ReactNode;
}

/** Dialog for a command that needs input or confirmation. */
export function CommandDialog<F extends FieldValues>(props: CommandDialogProps<F>) {
  const { title, lead, submitLabel, look, command, close, children } = props;
  // Changes by this command itself are not reported.
  const impossible = command.busy ? null : props.impossible;
  const t = useShellText();
  const [asking, setAsking] = useState(false);
  const { isDirty } = command.form.formState;
  const discard = () => {
    command.unsent.forget();
    close();
  };
  /** Closes by Esc, cross or a click outside, which may happen by accident. */
  const leave = () => {
    if (command.busy) return;
    if (isDirty) setAsking(!asking);
    else discard();
  };
  return (
    <Dialog open onOpenChange={open => !open && leave()}>
      <DialogContent title={title} lead={lead} closeLabel={t.close}>
        <form noValidate onSubmit={command.submit} className="grid gap-4">
          <UnsentNote unsent={command.unsent} />
          {children}
          {impossible ? (
            <Alert tone="wait" role="alert" title={impossible} />
          ) : (
            <FormAlert alert={command.alert} />
          )}
          {asking ? (
            <AskToDiscard discard={discard} keep={() => setAsking(false)} />
          ) : (
            <DialogActions>
              <Button onClick={discard}>{impossible ? t.close : t.cancel}</Button>
              {impossible ? null : (
                <Button type="submit" look={look} busy={command.busy}>
                  {submitLabel}
                </Button>
              )}
            </DialogActions>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}

function AskToDiscard({ discard, keep }: { discard: () => void; keep: () => void }) {
  const t = useShellText().unsent;
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <Alert tone="wait" role="alert" title={t.ask}>
      <DialogActions>
        <Button ref={first} onClick={keep}>
          {t.keep}
        </Button>
        <Button look="danger" onClick={discard}>
          {t.discardTyped}
        </Button>
      </DialogActions>
    </Alert>
  );
}
