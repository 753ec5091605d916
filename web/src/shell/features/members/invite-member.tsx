import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { FormAlert } from '@/shell/app/form/form-alert';
import { ownProblem } from '@/shell/app/form/own-problem';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { groupsQuery } from '@/shell/features/groups/groups';
import { useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { CheckField } from '@/shell/ui/check-field';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { useInvitationChanges } from './invitations';
import { atRoles } from './member-values';
import { rolesQuery } from './members';
import { RoleField } from './role-field';
import { text } from './text';

/** Button that opens the invitation of a person by mail address. */
export function InviteMember() {
  const t = useText(text).invite;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="primary" onClick={() => setOpen(true)}>
        {t.action}
      </Button>
      {open ? <InviteDialog close={() => setOpen(false)} /> : null}
    </>
  );
}

interface InviteValues {
  email: string;
  locale: 'de' | 'en';
  roles: Record<string, boolean>;
  groups: Record<string, boolean>;
}

const chosen = (marks: Record<string, boolean> = {}) => Object.keys(marks).filter(name => marks[name]);

export function InviteDialog({ close }: { close: () => void }) {
  const t = useText(text);
  const shell = useShellText();
  const locale = useLanguage();
  const { invite } = useInvitationChanges();
  const roles = useQuery(rolesQuery).data ?? [];
  const groups = useQuery(groupsQuery).data ?? [];
  const defaultValues: InviteValues = { email: '', locale, roles: {}, groups: {} };
  const form = useForm<InviteValues>({ defaultValues, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['email', 'locale', 'roles']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const email = values.email.trim();
      const body = {
        email,
        locale: values.locale,
        roles: chosen(values.roles),
        groups: chosen(values.groups),
      };
      const missing = {
        ...(email ? {} : { '/email': t.invite.emailMissing }),
        ...(body.roles.length > 0 ? {} : { '/roles': t.invite.noRole }),
      };
      if (Object.keys(missing).length > 0) throw ownProblem(missing);
      await invite(body).catch((cause: unknown) => {
        throw atRoles(cause);
      });
      toast.success(t.invite.done(email));
      close();
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={t.invite.title} lead={t.invite.lead} closeLabel={shell.close}>
        <form noValidate onSubmit={submit} className="grid gap-4">
          <Field label={t.email} hint={t.invite.emailHint} error={errorAt('email')}>
            <Input type="email" autoComplete="off" autoCapitalize="none" {...form.register('email')} />
          </Field>
          <Field label={t.invite.language} error={errorAt('locale')}>
            <Select {...form.register('locale')}>
              <option value="de">Deutsch</option>
              <option value="en">English</option>
            </Select>
          </Field>
          <RoleField
            roles={roles.map(({ role }) => role)}
            known={roles}
            register={name => form.register(name)}
            error={errorAt('roles')}
          />
          {groups.length > 0 ? (
            <fieldset className="grid gap-2">
              <legend className="mb-1.5 text-sm font-medium">{t.groups}</legend>
              {groups.map(({ key, name }) => (
                <CheckField key={key} label={name} {...form.register(`groups.${key}`)} />
              ))}
            </fieldset>
          ) : null}
          <FormAlert alert={alert} />
          <DialogActions>
            <Button onClick={close}>{shell.cancel}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {t.invite.submit}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
