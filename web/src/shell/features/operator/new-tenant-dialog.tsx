import { useNavigate } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import { isProblem } from '@/shell/api/problem';
import { FormAlert } from '@/shell/app/form/form-alert';
import { ownProblem, requireAll } from '@/shell/app/form/own-problem';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { useCreateTenant } from './platform';
import { text } from './text';

/** Creates a tenant, and opens its page, where products are enabled. */
export function NewTenantDialog({ close }: { close: () => void }) {
  const t = useText(text).tenants;
  const shell = useShellText();
  const navigate = useNavigate();
  const create = useCreateTenant();
  const form = useForm({ defaultValues: { name: '', slug: '' }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['name', 'slug']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const [name, slug] = [values.name.trim(), values.slug.trim()];
      requireAll({ '/name': [name, t.make.nameMissing], '/slug': [slug, t.make.slugMissing] });
      await create({ name, slug }).catch((cause: unknown) => {
        throw isProblem(cause, 'tenant-exists') ? ownProblem({ '/slug': cause.detail }) : cause;
      });
      toast.success(t.make.done(slug));
      close();
      await navigate({ to: '/operator/tenants/$slug', params: { slug } });
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={t.make.title} lead={t.make.lead} closeLabel={shell.close}>
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
          <FormAlert alert={alert} />
          <DialogActions>
            <Button onClick={close}>{shell.cancel}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {t.make.submit}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
