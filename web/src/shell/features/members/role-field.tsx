import { CircleAlert } from 'lucide-react';
import { useId } from 'react';
import type { UseFormRegisterReturn } from 'react-hook-form';
import { useText } from '@/shell/i18n/use-text';
import type { Role } from './members';
import { useRoleName } from './role-names';
import { text } from './text';

interface RoleFieldProps {
  /** Roles that can be given, and those that the member has. */
  roles: readonly string[];
  known: readonly Role[];
  register: (name: `roles.${string}`) => UseFormRegisterReturn;
  error: string | undefined;
}

/** Check box per role, with the products in which the role has permissions. */
export function RoleField({ roles, known, register, error }: RoleFieldProps) {
  const t = useText(text);
  const id = useId();
  const roleName = useRoleName();
  const where = (role: string) => {
    const found = known.find(one => one.role === role);
    if (!found) return t.formerRole(role);
    const sources = [...(found.host ? [t.platform] : []), ...found.products.map(({ name }) => name)];
    return t.roleOf(role, sources.join(', '));
  };
  return (
    <fieldset aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="text-sm font-medium">{t.roles}</legend>
      <div className="mt-1.5 grid gap-1 @xl:grid-cols-2">
        {roles.map(role => (
          <div key={role} className="flex items-start gap-3 rounded-md px-1 py-1.5">
            <input
              id={`${id}-${role}`}
              type="checkbox"
              aria-describedby={`${id}-${role}-where`}
              aria-invalid={error ? true : undefined}
              className="mt-0.5 size-4 shrink-0 accent-accent"
              {...register(`roles.${role}`)}
            />
            <div className="grid min-w-0">
              <label htmlFor={`${id}-${role}`} className="text-sm font-medium">
                {roleName(role)}
              </label>
              <span id={`${id}-${role}-where`} className="text-xs text-quiet">
                {where(role)}
              </span>
            </div>
          </div>
        ))}
      </div>
      {error ? (
        <p id={`${id}-error`} className="mt-1.5 flex items-start gap-1.5 text-xs text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {error}
        </p>
      ) : null}
    </fieldset>
  );
}
