import { Plus, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { daysOf } from './calendar-draft';
import { text } from './text';

interface DaysOffProps {
  /** ISO dates, one per line. */
  days: string;
  error: string | undefined;
  onChange: (days: string) => void;
}

/** Days off besides the public holidays. */
export function DaysOff({ days, error, onChange }: DaysOffProps) {
  const t = useText(text);
  const format = useFormat();
  const [typed, setTyped] = useState('');
  const [said, setSaid] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const list = daysOf(days);
  const add = () => {
    if (typed === '') return input.current?.focus();
    onChange(daysOf(`${days}\n${typed}`).join('\n'));
    setSaid(t.added(format.date(typed)));
    setTyped('');
    input.current?.focus();
  };
  const remove = (day: string) => {
    onChange(list.filter(one => one !== day).join('\n'));
    setSaid(t.removed(format.date(day)));
    input.current?.focus();
  };
  return (
    <fieldset className="grid gap-3">
      <legend className="float-left text-sm font-medium">{t.daysOff}</legend>
      <p role="status" className="sr-only">
        {said}
      </p>
      <ul className="flex flex-wrap gap-2">
        {list.map(day => (
          <li
            key={day}
            className="flex items-center gap-1 rounded-md border border-line bg-sunken pl-2.5 text-sm"
          >
            {format.date(day)}
            <Button
              look="quiet"
              size="small"
              aria-label={t.removeDay(format.date(day))}
              onClick={() => remove(day)}
            >
              <X aria-hidden />
            </Button>
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-end gap-2">
        <Field label={t.newDay} error={error}>
          <Input
            ref={input}
            type="date"
            value={typed}
            onChange={event => setTyped(event.target.value)}
            onKeyDown={event => {
              // Enter adds the day and does not send the form.
              if (event.key !== 'Enter') return;
              event.preventDefault();
              add();
            }}
          />
        </Field>
        <Button onClick={add}>
          <Plus aria-hidden />
          {t.addDay}
        </Button>
      </div>
    </fieldset>
  );
}
