import { useForm } from 'react-hook-form';
import { FormAlert } from '@/shell/app/form/form-alert';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Input, Textarea } from '@/shell/ui/input';
import { type GrantValues, toBody, toValues } from './grant-values';
import type { NewGrant, Request } from './tenant-products';
import { text } from './text';

interface GrantDialogProps {
  request: Request;
  send: (grant: NewGrant) => Promise<void>;
  close: () => void;
}

const FIELDS = ['scope', 'connection', 'reason', 'expires'] as const;
/** Host's names of fields that differ from the form's. */
const AT: Record<string, string> = { expires_at: 'expires' };

/** Grants a request of a package. The host validates the scope against the capability's schema. */
export function GrantDialog({ request, send, close }: GrantDialogProps) {
  const { products: t } = useText(text);
  const shell = useShellText();
  const form = useForm<GrantValues>({ defaultValues: toValues(request), shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, [...FIELDS]);
  /** Errors in a member of the scope are shown at its field. */
  const fault = (field: keyof GrantValues) =>
    errorAt(field) ??
    alert?.fields.find(({ pointer }) => {
      const [, member = ''] = pointer.split('/');
      return (AT[member] ?? member) === field;
    })?.message;
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      await send(toBody(values, t.scopeNotJson));
      close();
    });
  const elsewhere = alert?.fields.some(({ pointer }) => /^\/(?:scope|expires_at)/u.test(pointer))
    ? null
    : alert;
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent
        title={t.grantTitle(request.capability, request.grant)}
        lead={t.grantLead}
        closeLabel={shell.close}
      >
        <form noValidate onSubmit={submit} className="grid gap-4">
          <Field label={t.scope} hint={t.scopeHint} error={fault('scope')}>
            <Textarea {...form.register('scope')} spellCheck={false} className="min-h-28 font-mono text-xs" />
          </Field>
          <Field label={t.connection} hint={t.connectionHint} error={fault('connection')}>
            <Input {...form.register('connection')} spellCheck={false} className="font-mono" />
          </Field>
          <Field label={t.expires} hint={t.expiresHint} error={fault('expires')}>
            <Input {...form.register('expires')} type="date" />
          </Field>
          <Field label={t.reason} hint={t.reasonHint} error={fault('reason')}>
            <Textarea {...form.register('reason')} maxLength={500} />
          </Field>
          <FormAlert alert={elsewhere} />
          <DialogActions>
            <Button onClick={close}>{shell.cancel}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {t.grant}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
