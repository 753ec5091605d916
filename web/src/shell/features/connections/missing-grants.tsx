import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { text } from './text';
import { useMissingGrants } from './use-missing-grants';

/** Lists products that lack a required grant. */
export function MissingGrants() {
  const t = useText(text);
  const missing = useMissingGrants().data ?? [];
  return (
    <div role="status" className="mb-4 empty:sr-only">
      {missing.length > 0 ? (
        <Alert tone="bad" title={t.grants.title}>
          <ul className="list-disc pl-5">
            {missing.map(({ name, of, sentence }) => (
              <li key={`${name} ${of}`}>{sentence}</li>
            ))}
          </ul>
          <p>{t.grants.lead}</p>
        </Alert>
      ) : null}
    </div>
  );
}
