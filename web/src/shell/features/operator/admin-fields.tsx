import type { UseFormRegisterReturn } from 'react-hook-form';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { text } from './text';

interface AdminFieldsProps {
  register: (name: 'email' | 'locale') => UseFormRegisterReturn;
  error: string | undefined;
  hint?: string;
}

/** Address and language of the first admin of a tenant. */
export function AdminFields({ register, error, hint }: AdminFieldsProps) {
  const { make: t } = useText(text).tenants;
  return (
    <>
      <Field label={t.admin} hint={hint} error={error}>
        <Input type="email" autoComplete="off" autoCapitalize="none" {...register('email')} />
      </Field>
      <Field label={t.locale}>
        <Select {...register('locale')}>
          <option value="de">Deutsch</option>
          <option value="en">English</option>
        </Select>
      </Field>
    </>
  );
}
