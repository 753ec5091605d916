import { useState } from 'react';
import { shownHere } from '@/api/problem';
import { useRow } from '@/api/rows';
import { onlyFor } from '@/app/page/only-for';
import { PageHeader } from '@/app/page/page-header';
import { ProblemAlert } from '@/app/page/problem-alert';
import { useLanguage } from '@/i18n/language';
import { useText } from '@/i18n/use-text';
import { Badge } from '@/ui/badge';
import { FormSkeleton } from '../form-skeleton';
import { offeringRoute } from '../routes';
import { toDraft } from './offering-draft';
import { OfferingForm } from './offering-form';
import { text } from './text';

export const OfferingPage = onlyFor('dcm.offer', Page);

function Page() {
  const t = useText(text);
  // Amounts stay written as they were when the page was opened: another language is no change of a price.
  const [language] = useState(useLanguage());
  const { key } = offeringRoute.useParams();
  const { data: row, error, refetch } = useRow('offerings', key);
  const define = row?.actions.find(action => action.command === 'define-offering');
  return (
    <>
      <PageHeader
        title={row ? (row.name ?? row.key) : undefined}
        lead={t.editLead}
        beside={row ? <Badge tone={row.active ? 'good' : 'idle'}>{row.status_text}</Badge> : null}
        up={{ to: '/admin/offerings', label: t.title }}
      />
      {row ? (
        // The key alone: what is typed stays when the row changes beneath it.
        <OfferingForm
          key={row.key}
          stored={{
            values: toDraft(row, language),
            tag: row.position,
            by: row.updated_by_name,
            at: row.updated_at,
          }}
          known
          language={language}
          refused={define && !define.allowed ? define.why : null}
        />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={8} />
      )}
    </>
  );
}
