import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { type UseFormReturn, useForm, useWatch } from 'react-hook-form';
import { CHANGED_MEANWHILE } from '@/shell/api/basis';
import { isProblem } from '@/shell/api/problem';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { FormAlert } from '@/shell/app/form/form-alert';
import { FormSection } from '@/shell/app/form/form-section';
import { ownProblem } from '@/shell/app/form/own-problem';
import { resetToStored } from '@/shell/app/form/reset-to-stored';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { PersonInput } from '@/shell/app/people/person-input';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type MemberValues, atRoles, toBody, toValues } from './member-values';
import { type Member, type Role, membersSource, useMemberChanges } from './members';
import { RoleField } from './role-field';
import { text } from './text';

interface MemberFormProps {
  member: Member;
  known: readonly Role[];
}

/** Roles, manager and cost centre of a member, which are changed together. */
export function MemberForm({ member, known }: MemberFormProps) {
  const t = useText(text);
  const shell = useShellText();
  const roles = useMemo(
    () => [...new Set([...known.map(({ role }) => role), ...member.roles])].sort(),
    [known, member.roles],
  );
  // The state on which the input is based; the page reads the member again every few seconds.
  const [basis, setBasis] = useState(member);
  const [changed, setChanged] = useState(false);
  const form = useForm<MemberValues>({ defaultValues: toValues(member, roles), shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['roles', 'manager', 'cost_centre']);
  const fields = useMemo(() => [...roles.map(role => `roles.${role}` as const), ...OTHERS], [roles]);
  const unsent = useUnsentInput(form, { name: `member/${member.actor}`, fields });
  const { read, change } = useMemberChanges(member.actor);

  /** Shows the values of `now` in untouched fields, and bases the input on them. */
  const rebase = (now: Member) => {
    form.reset(toValues(now, roles), { keepDirtyValues: true });
    setBasis(now);
  };
  const send = async (values: MemberValues) => {
    setChanged(false);
    const body = toBody(values);
    if (body.roles.length === 0) throw ownProblem({ '/roles': t.noRole });
    try {
      await change(body, basis.tag);
    } catch (cause) {
      if (!isProblem(cause, CHANGED_MEANWHILE)) throw atRoles(cause);
      rebase(await read());
      setChanged(true);
      return;
    }
    const now = await read();
    resetToStored(form, fields, { sent: values, stored: toValues(now, roles) });
    setBasis(now);
    unsent.forget();
    toast.success(t.saved(member.name));
  };
  return (
    <form
      noValidate
      onSubmit={event => void run(event, send)}
      className="min-w-0 rounded-xl border border-line bg-surface shadow-low"
    >
      <UnsentSection unsent={unsent} />
      <FormSection title={t.profile} lead={t.profileLead}>
        <RoleField
          roles={roles}
          known={known}
          register={name => form.register(name)}
          error={errorAt('roles')}
        />
        <ManagerField form={form} error={errorAt('manager')} />
        <Field label={t.costCentre} hint={t.costCentreHint} error={errorAt('cost_centre')}>
          <Input autoComplete="off" spellCheck={false} {...form.register('cost_centre')} />
        </Field>
      </FormSection>
      <div className="grid gap-4 p-5 sm:p-6">
        {changed ? (
          <Alert tone="wait" role="alert" title={t.changedTitle}>
            <p>{t.changedLead}</p>
          </Alert>
        ) : null}
        <FormAlert alert={alert} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button asChild>
            <Link to="/admin/members">{shell.back}</Link>
          </Button>
          <Button type="submit" look="primary" busy={busy}>
            {t.save}
          </Button>
        </div>
      </div>
    </form>
  );
}

interface ManagerFieldProps {
  form: UseFormReturn<MemberValues>;
  error: string | undefined;
}

function ManagerField({ form, error }: ManagerFieldProps) {
  const t = useText(text);
  const name = useWatch({ control: form.control, name: 'managerName' });
  return (
    <Field label={t.manager} hint={t.managerHint} error={error}>
      <PersonInput
        label={t.manager}
        name={name}
        source={membersSource}
        optional
        onChange={person => {
          form.setValue('manager', person?.actor ?? '', { shouldDirty: true });
          form.setValue('managerName', person?.name ?? '', { shouldDirty: true });
        }}
      />
    </Field>
  );
}

const OTHERS = ['manager', 'managerName', 'cost_centre'] as const;
