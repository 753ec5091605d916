import { useNavigate } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { CHANGED_MEANWHILE, NOT_THERE_YET } from '@/shell/api/basis';
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
import { toast } from '@/shell/ui/toast';
import { keyOf } from './group-key';
import { useGroupChanges } from './groups';
import { text } from './text';

/** Makes a group. The name suggests the key until the person types one. */
export function NewGroupDialog({ close }: { close: () => void }) {
  const t = useText(text);
  const shell = useShellText();
  const navigate = useNavigate();
  const { find, put } = useGroupChanges();
  const form = useForm({ defaultValues: { name: '', key: '' }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['name', 'key']);
  const { dirtyFields } = form.formState;
  const name = form.register('name', {
    onChange: () => {
      if (!dirtyFields.key) form.setValue('key', keyOf(form.getValues('name')));
    },
  });
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const [name, key] = [values.name.trim(), values.key.trim()];
      requireAll({ '/name': [name, t.nameMissing], '/key': [key, t.make.keyMissing] });
      await put(key, name, NOT_THERE_YET).catch(async (cause: unknown) => {
        if (isProblem(cause, 'group-key')) throw ownProblem({ '/key': cause.detail });
        const other = isProblem(cause, CHANGED_MEANWHILE) ? await find(key) : undefined;
        throw other ? ownProblem({ '/key': t.make.taken(other.name) }) : cause;
      });
      toast.success(t.make.done(name));
      close();
      await navigate({ to: '/admin/groups/$group', params: { group: key } });
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={t.make.title} lead={t.make.lead} closeLabel={shell.close}>
        <form noValidate onSubmit={submit} className="grid gap-4">
          <Field label={t.name} hint={t.make.nameHint} error={errorAt('name')}>
            <Input {...name} autoComplete="off" />
          </Field>
          <Field label={t.key} hint={t.make.keyHint} error={errorAt('key')}>
            <Input
              {...form.register('key')}
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
