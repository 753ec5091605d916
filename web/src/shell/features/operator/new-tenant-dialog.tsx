import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { isProblem } from '@/shell/api/problem';
import { FormAlert } from '@/shell/app/form/form-alert';
import { ownProblem, requireAll } from '@/shell/app/form/own-problem';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useLanguage } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { AdminFields } from './admin-fields';
import { InvitedNote } from './invited-note';
import { useCreateTenant } from './platform';
import { text } from './text';

/**
 * Creates a tenant, and opens its page, where products are enabled. With a first admin, the link of
 * the invitation is shown before.
 */
export function NewTenantDialog({ close }: { close: () => void }) {
  const t = useText(text).tenants;
  const shell = useShellText();
  const navigate = useNavigate();
  const [created, setCreated] = useState<{ slug: string; link: string } | null>(null);
  const open = async (slug: string) => {
    close();
    await navigate({ to: '/operator/tenants/$slug', params: { slug } });
  };
  const done = async (slug: string, link: string | undefined) => {
    toast.success(t.make.done(slug));
    if (link) setCreated({ slug, link });
    else await open(slug);
  };
  return (
    <Dialog open onOpenChange={shown => shown || close()}>
      {created ? (
        <DialogContent title={t.make.invited} lead={t.make.done(created.slug)} closeLabel={shell.close}>
          <InvitedNote link={created.link} />
          <DialogActions>
            <Button look="primary" onClick={() => void open(created.slug)}>
              {t.make.toTenant}
            </Button>
          </DialogActions>
        </DialogContent>
      ) : (
        <DialogContent title={t.make.title} lead={t.make.lead} closeLabel={shell.close}>
          <NewTenantForm close={close} done={done} />
        </DialogContent>
      )}
    </Dialog>
  );
}

interface NewTenantFormProps {
  close: () => void;
  done: (slug: string, link: string | undefined) => Promise<void>;
}

function NewTenantForm({ close, done }: NewTenantFormProps) {
  const t = useText(text).tenants;
  const shell = useShellText();
  const create = useCreateTenant();
  const admin = { email: '', locale: useLanguage() };
  const form = useForm({ defaultValues: { name: '', slug: '', admin }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['name', 'slug', 'admin.email']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const [name, slug, email] = [values.name.trim(), values.slug.trim(), values.admin.email.trim()];
      requireAll({ '/name': [name, t.make.nameMissing], '/slug': [slug, t.make.slugMissing] });
      const body = { name, slug, ...(email ? { admin: { email, locale: values.admin.locale } } : {}) };
      const created = await create(body).catch((cause: unknown) => {
        throw isProblem(cause, 'tenant-exists') ? ownProblem({ '/slug': cause.detail }) : cause;
      });
      await done(slug, created.admin_link);
    });
  return (
    <form noValidate onSubmit={submit} className="grid gap-4">
      <Field label={t.make.name} hint={t.make.nameHint} error={errorAt('name')}>
        <Input {...form.register('name')} autoComplete="off" />
      </Field>
      <Field label={t.slug} hint={t.make.slugHint} error={errorAt('slug')}>
        <Input
          {...form.register('slug')}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono"
        />
      </Field>
      <AdminFields
        register={name => form.register(`admin.${name}`)}
        hint={t.make.adminHint}
        error={errorAt('admin.email')}
      />
      <FormAlert alert={alert} />
      <DialogActions>
        <Button onClick={close}>{shell.cancel}</Button>
        <Button type="submit" look="primary" busy={busy}>
          {t.make.submit}
        </Button>
      </DialogActions>
    </form>
  );
}
