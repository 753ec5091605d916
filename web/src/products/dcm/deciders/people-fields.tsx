import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { may, useSession } from '@/shell/api/session';
import type { CommandForm } from '@/shell/app/form/use-command-form';
import { PersonInput } from '@/shell/app/people/person-input';
import { colleaguesSource } from '@/shell/features/deputy/deputies';
import { groupsQuery } from '@/shell/features/groups/groups';
import { membersSource } from '@/shell/features/members/members';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { KeySelect } from '../policies/key-select';
import { type ReassignValues, shownOf, withEntry } from './reassign-values';
import { text } from './text';

interface FieldsProps {
  command: CommandForm<ReassignValues>;
}

const DIRTY = { shouldDirty: true };

/** Whether the person finds members and groups in the directory. */
const useDirectory = () => may(useSession(), 'host.members');

/** People who decide from now on: one field per person, and one for a further person. */
export function PeopleFields({ command: { form, errorAt } }: FieldsProps) {
  const { reassign: t } = useText(text);
  const format = useFormat();
  const source = useDirectory() ? membersSource : colleaguesSource;
  const [actors, names] = form.watch(['actors', 'names']);
  const number = (index: number) => t.person(format.number(index + 1));
  return (
    <Several label={t.people} hint={t.most}>
      {shownOf(actors).map((_, index) => (
        <Field key={`person ${String(index)}`} label={number(index)} error={errorAt(`actors.${index}`)}>
          <PersonInput
            label={number(index)}
            name={names[index] ?? ''}
            source={source}
            optional
            onChange={person => {
              form.setValue('actors', withEntry(actors, index, person?.actor ?? ''), DIRTY);
              form.setValue('names', withEntry(names, index, person?.name ?? ''), DIRTY);
            }}
          />
        </Field>
      ))}
    </Several>
  );
}

/** Groups that decide from now on, by name, or by key for people who may not read the groups. */
export function GroupFields({ command: { form, errorAt } }: FieldsProps) {
  const { reassign: t } = useText(text);
  const format = useFormat();
  const groups = useQuery({ ...groupsQuery, enabled: useDirectory(), throwOnError: false }).data;
  const names = new Map(groups?.map(({ key, name }) => [key, name]));
  const keys = form.watch('groups');
  const change = (index: number, key: string) => form.setValue('groups', withEntry(keys, index, key), DIRTY);
  return (
    <Several label={t.groups} hint={t.most}>
      {shownOf(keys).map((key, index) => {
        const number = format.number(index + 1);
        const label = names.size > 0 ? t.group(number) : t.groupKey(number);
        return (
          <div key={`group ${String(index)}`} className="flex items-end gap-2">
            <Field label={label} error={errorAt(`groups.${index}`)} className="min-w-0 flex-1">
              <KeySelect names={names} value={key} onChange={chosen => change(index, chosen)} />
            </Field>
            {key ? (
              <Button
                look="quiet"
                size="icon"
                aria-label={t.removeGroup(number)}
                onClick={() => change(index, '')}
              >
                <X aria-hidden />
              </Button>
            ) : null}
          </div>
        );
      })}
    </Several>
  );
}

interface SeveralProps {
  label: string;
  hint: string;
  children: ReactNode;
}

/** Group of fields for the entries of one list. */
function Several({ label, hint, children }: SeveralProps) {
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="float-left text-sm font-medium">
        {label} <span className="font-normal text-quiet">{hint}</span>
      </legend>
      {children}
    </fieldset>
  );
}
