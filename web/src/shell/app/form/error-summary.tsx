import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import type { InvalidField } from './invalid-fields';

/** Links to invalid fields at the submit button of a long form. The errors are at the fields. */
export function ErrorSummary({ fields }: { fields: readonly InvalidField[] }) {
  const t = useShellText().errors;
  if (fields.length < 2) return null;
  return (
    <Alert tone="bad" role="status" title={t.fieldsToCorrect(String(fields.length))}>
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {fields.map(({ id, label }) => (
          <li key={id}>
            <button
              type="button"
              className="rounded underline underline-offset-2"
              onClick={() => document.getElementById(id)?.focus()}
            >
              {label}
            </button>
          </li>
        ))}
      </ul>
    </Alert>
  );
}
