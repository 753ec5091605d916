import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { CHANGED_MEANWHILE, asRead } from '@/shell/api/basis';
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
import { type Group, useGroupChanges } from './groups';
import { text } from './text';

export function RenameGroup({ group }: { group: Group }) {
  const t = useText(text).rename;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      {open ? <RenameDialog group={group} close={() => setOpen(false)} /> : null}
    </>
  );
}

function RenameDialog({ group, close }: { group: Group; close: () => void }) {
  const t = useText(text);
  const shell = useShellText();
  const { find, put } = useGroupChanges();
  // The name at the opening, so that the title does not change after the save.
  const [{ key, name }] = useState(group);
  const [tag, setTag] = useState(group.tag);
  const form = useForm({ defaultValues: { name }, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['name']);
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const renamed = values.name.trim();
      requireAll({ '/name': [renamed, t.nameMissing] });
      await put(key, renamed, asRead(tag)).catch(async (cause: unknown) => {
        const now = isProblem(cause, CHANGED_MEANWHILE) ? await find(key) : undefined;
        if (!now) throw cause;
        setTag(now.tag);
        throw ownProblem({ '/name': t.rename.changed(now.name) });
      });
      toast.success(t.rename.done(renamed));
      close();
    });
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={t.rename.title(name)} lead={t.rename.lead} closeLabel={shell.close}>
        <form noValidate onSubmit={submit} className="grid gap-4">
          <Field label={t.name} hint={t.make.nameHint} error={errorAt('name')}>
            <Input {...form.register('name')} autoComplete="off" />
          </Field>
          <FormAlert alert={alert} />
          <DialogActions>
            <Button onClick={close}>{shell.cancel}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {t.rename.submit}
            </Button>
          </DialogActions>
        </form>
      </DialogContent>
    </Dialog>
  );
}
