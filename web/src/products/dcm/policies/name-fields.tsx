import { useText } from '@/shell/i18n/use-text';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import type { Names } from './document';
import { useEditor } from './editor';
import { text } from './text';

interface NameFieldsProps {
  names: Names;
  /** JSON pointer of the object with both names. */
  place: string;
  onChange: (names: Names) => void;
}

/** Name of a stage or rule in both languages. */
export function NameFields({ names, place, onChange }: NameFieldsProps) {
  const t = useText(text);
  const { errorAt } = useEditor();
  const labels = { de: t.nameDe, en: t.nameEn };
  return (
    <div className="grid gap-4 @lg:grid-cols-2">
      {(['de', 'en'] as const).map(language => (
        <Field key={language} label={labels[language]} error={errorAt(`${place}/${language}`)}>
          <Input
            autoComplete="off"
            value={names[language]}
            onChange={event => onChange({ ...names, [language]: event.target.value })}
          />
        </Field>
      ))}
    </div>
  );
}
