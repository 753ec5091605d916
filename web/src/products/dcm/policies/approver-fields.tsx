import { PersonInput } from '@/shell/app/people/person-input';
import { membersSource } from '@/shell/features/members/members';
import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { PERMISSIONS } from './document';
import { useEditor } from './editor';
import { KeySelect } from './key-select';
import type { ApproverForm } from './policy-model';
import { text } from './text';

interface ApproverFieldsProps {
  approver: ApproverForm;
  place: string;
  onChange: (approver: ApproverForm) => void;
}

const KINDS = ['group', 'permission', 'manager_of', 'actor'] as const;

const FIRST: Record<ApproverForm['by'], string> = {
  group: '',
  permission: 'approve',
  manager_of: 'requester',
  actor: '',
};

/** Reference to people: a group, the holders of a right, a manager, or a person. */
export function ApproverFields({ approver, place, onChange }: ApproverFieldsProps) {
  const t = useText(text).approver;
  const { errorAt } = useEditor();
  const error = errorAt(place);
  const isManager = approver.by === 'manager_of';
  return (
    <div className="grid min-w-0 flex-1 gap-3 @lg:grid-cols-2">
      <Field label={t.by} error={isManager ? error : undefined}>
        <Select
          value={approver.by}
          onChange={event => {
            const by = event.target.value as ApproverForm['by'];
            onChange({ by, value: FIRST[by] });
          }}
        >
          {KINDS.map(kind => (
            <option key={kind} value={kind}>
              {t.kinds[kind]}
            </option>
          ))}
        </Select>
      </Field>
      {isManager ? null : (
        <People approver={approver} error={error} onChange={value => onChange({ ...approver, value })} />
      )}
    </div>
  );
}

interface PeopleProps {
  approver: ApproverForm;
  error: string | undefined;
  onChange: (value: string) => void;
}

function People({ approver: { by, value }, error, onChange }: PeopleProps) {
  const t = useText(text).approver;
  const { names, findsPeople } = useEditor();
  const permissions = new Map(PERMISSIONS.map(name => [name, t.permissions[name]]));
  if (by === 'actor' && findsPeople)
    return (
      <Field label={t.actor} error={error}>
        <PersonInput
          label={t.actor}
          name={names.people.get(value) ?? value}
          source={membersSource}
          onChange={person => onChange(person?.actor ?? '')}
        />
      </Field>
    );
  const [label, choices] =
    by === 'group'
      ? [names.groups.size > 0 ? t.group : t.groupKey, names.groups]
      : by === 'actor'
        ? [t.actorId, NONE]
        : [t.permission, permissions];
  return (
    <Field label={label} error={error}>
      <KeySelect names={choices} value={value} onChange={onChange} />
    </Field>
  );
}

const NONE: ReadonlyMap<string, string> = new Map();
