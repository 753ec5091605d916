import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { FormAlert } from '@/shell/app/form/form-alert';
import { requireAll } from '@/shell/app/form/own-problem';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { AdminFields } from './admin-fields';
import { InvitedNote } from './invited-note';
import { inviteAdmin } from './platform';
import { text } from './text';

/** Button that opens the invitation of the first admin of a tenant. */
export function InviteAdmin({ tenant }: { tenant: string }) {
  const { invite: t } = useText(text);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      {open ? <InviteAdminDialog tenant={tenant} close={() => setOpen(false)} /> : null}
    </>
  );
}

/** Dialog that shows the link after the invitation. The host refuses it while there is an admin. */
export function InviteAdminDialog({ tenant, close }: { tenant: string; close: () => void }) {
  const { invite: t, tenants } = useText(text);
  const shell = useShellText();
  const locale = useLanguage();
  const [link, setLink] = useState('');
  const form = useForm({ defaultValues: { email: '', locale }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['email', 'locale']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const email = values.email.trim();
      requireAll({ '/email': [email, t.missing] });
      setLink((await inviteAdmin(tenant, { email, locale: values.locale })).link);
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={link ? tenants.make.invited : t.action} lead={t.lead} closeLabel={shell.close}>
        {link ? (
          <>
            <InvitedNote link={link} />
            <DialogActions>
              <Button onClick={close}>{shell.close}</Button>
            </DialogActions>
          </>
        ) : (
          <form noValidate onSubmit={submit} className="grid gap-4">
            <AdminFields register={name => form.register(name)} error={errorAt('email')} />
            <FormAlert alert={alert} />
            <DialogActions>
              <Button onClick={close}>{shell.cancel}</Button>
              <Button type="submit" look="primary" busy={busy}>
                {t.submit}
              </Button>
            </DialogActions>
          </form>
        )}
      </DialogContent>
    </Dialog>
  );
}
