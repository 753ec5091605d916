import type { ComponentProps } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { Input, Select } from '@/shell/ui/input';
import { text } from './text';

interface KeySelectProps extends Omit<ComponentProps<'select'>, 'onChange' | 'value'> {
  /** Names by key; without names the key is typed. */
  names: ReadonlyMap<string, string>;
  value: string;
  onChange: (value: string) => void;
}

/** Choice of one key by its name. A key that has no name stays available. */
export function KeySelect({ names, value, onChange, ...rest }: KeySelectProps) {
  const t = useText(text);
  if (names.size === 0) {
    const { id, 'aria-describedby': described, 'aria-invalid': invalid } = rest;
    return (
      <Input
        id={id}
        aria-describedby={described}
        aria-invalid={invalid}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={value}
        onChange={event => onChange(event.target.value)}
      />
    );
  }
  return (
    <Select {...rest} value={value} onChange={event => onChange(event.target.value)}>
      {value === '' ? <option value="">{t.condition.choose}</option> : null}
      {value !== '' && !names.has(value) ? <option value={value}>{t.approver.unknown(value)}</option> : null}
      {[...names].map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </Select>
  );
}
