import type { UseFormReturn } from 'react-hook-form';
import { useText } from '@/shell/i18n/use-text';
import { CheckField } from '@/shell/ui/check-field';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { type SettingValues, pathOf } from './setting-values';
import type { Setting } from './settings';
import { text } from './text';

interface SettingFieldProps {
  setting: Setting;
  form: UseFormReturn<SettingValues>;
  error: string | undefined;
}

/** Input of one setting, with its default beside the hint. */
export function SettingField({ setting, form, error }: SettingFieldProps) {
  const show = useShow();
  const t = useText(text);
  const hint = [setting.hint, t.initial(show(setting, setting.default))].filter(Boolean).join(' ');
  const register = form.register(pathOf(setting));
  if (setting.input === 'checkbox')
    return <CheckField label={setting.label} hint={hint} error={error} {...register} />;
  return (
    <Field label={setting.label} hint={hint} error={error}>
      {setting.input === 'choice' ? (
        <Select {...register}>
          {setting.options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      ) : (
        <Input
          inputMode={INPUT_MODES[setting.input]}
          autoComplete="off"
          className={setting.input === 'text' ? undefined : 'max-w-40'}
          {...register}
        />
      )}
    </Field>
  );
}

const INPUT_MODES = { text: undefined, integer: 'numeric', number: 'decimal' } as const;

/** Returns the text of a setting's value, as the form shows it. */
export function useShow(): (setting: Setting, value: unknown) => string {
  const t = useText(text);
  return ({ input, options }, value) => {
    if (input === 'checkbox') return value === true ? t.on : t.off;
    if (input === 'choice') return options.find(option => option.value === value)?.label ?? String(value);
    return typeof value === 'string' || typeof value === 'number' ? String(value) || t.nothing : t.nothing;
  };
}
