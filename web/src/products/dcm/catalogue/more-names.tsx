import { Plus, X } from 'lucide-react';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { MACHINES_MAX, type RequestValues } from './request-values';
import { text } from './text';
import { useMachineNames } from './use-machine-names';

const LOOK = { autoComplete: 'off', spellCheck: false, className: 'font-mono' } as const;

interface MoreNamesProps {
  command: CommandForm<RequestValues>;
}

/** Names of all machines: one field, and one for each further machine that the person adds. */
export function MoreNames({ command }: MoreNamesProps) {
  const t = useText(text).form;
  const format = useFormat();
  const { form, errorAt } = command;
  const { list, said, names, set, add, remove, paste } = useMachineNames(command);
  return (
    <div ref={list} className="grid max-w-md gap-4">
      <Field label={t.name} hint={t.nameHint} error={errorAt('name')} className="pr-11">
        <Input {...LOOK} onPaste={paste(0)} {...form.register('name')} />
      </Field>
      <fieldset className="grid gap-3">
        <legend className="sr-only">{t.moreNames}</legend>
        {names.slice(1).map((name, index) => {
          const label = t.another(format.number(index + 2));
          return (
            // A row has no identity beside its place: the text is in the form.
            // oxlint-disable-next-line react/no-array-index-key
            <div key={index} className="flex items-start gap-2">
              <Field label={label} error={errorAt(`more_names.${index}`)} className="min-w-0 flex-1">
                <Input
                  {...LOOK}
                  value={name}
                  onChange={event => set(index + 1, event.target.value)}
                  onPaste={paste(index + 1)}
                />
              </Field>
              <Button
                look="quiet"
                size="icon"
                aria-label={t.remove(name || label)}
                className="mt-6.5 shrink-0"
                onClick={() => remove(index + 1)}
              >
                <X aria-hidden />
              </Button>
            </div>
          );
        })}
        {names.length < MACHINES_MAX ? (
          <div>
            <Button onClick={add}>
              <Plus aria-hidden />
              {t.add}
            </Button>
          </div>
        ) : null}
        <p className="text-xs text-quiet">{t.moreHint(format.number(MACHINES_MAX))}</p>
      </fieldset>
      <p role="status" className="sr-only">
        {said}
      </p>
    </div>
  );
}
