import { ChoiceFilter } from '@/shell/app/list/choice-filter';

/** Rows that a list shows: the person's own, or those of all. */
export type Whose = 'mine' | 'all';

interface WhoseFilterProps {
  label: string;
  names: Record<Whose, string>;
  /** Choice of a person who has chosen none; it comes first, and the address omits it. */
  usual: Whose;
  whose: Whose;
  onChange: (whose: Whose | undefined) => void;
}

/** Filter for people who have rows of their own and read those of others. */
export function WhoseFilter({ label, names, usual, whose, onChange }: WhoseFilterProps) {
  const options: Whose[] = usual === 'all' ? ['all', 'mine'] : ['mine', 'all'];
  return (
    <ChoiceFilter
      label={label}
      value={whose}
      options={options.map(value => ({ value, label: names[value] }))}
      onChange={chosen => onChange(chosen === usual ? undefined : chosen)}
    />
  );
}
