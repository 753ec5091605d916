import { useForm } from 'react-hook-form';
import { FormAlert } from '@/shell/app/form/form-alert';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Textarea } from '@/shell/ui/input';
import { text } from './text';

interface ReasonDialogProps {
  title: string;
  lead: string;
  submitLabel: string;
  look: ButtonProps['look'];
  send: (reason: string) => Promise<void>;
  close: () => void;
}

/** Dialog that asks for the reason of an act, which the audit records. */
export function ReasonDialog({ title, lead, submitLabel, look, send, close }: ReasonDialogProps) {
  const { products: t } = useText(text);
  const shell = useShellText();
  const form = useForm({ defaultValues: { reason: '' }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['reason']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async ({ reason }) => {
      await send(reason.trim());
      close();
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={title} lead={lead} closeLabel={shell.close}>
        <form noValidate onSubmit={submit} className="grid gap-4">
          <Field label={t.reason} hint={t.reasonHint} error={errorAt('reason')}>
            <Textarea {...form.register('reason')} maxLength={500} />
          </Field>
          <FormAlert alert={alert} />
          <DialogActions>
            <Button onClick={close}>{shell.cancel}</Button>
            <Button type="submit" look={look} busy={busy}>
              {submitLabel}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
