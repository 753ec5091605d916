import { useState } from 'react';
import { shownHere } from '@/shell/api/problem';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { useRow } from '../api';
import { OFFER } from '../permissions';
import { toDraft } from './offering-draft';
import { OfferingForm } from './offering-form';
import { offeringRoute } from './routes';
import { text } from './text';

export const OfferingPage = onlyFor(OFFER, Page);

function Page() {
  const t = useText(text);
  // Amounts keep the format of the initial language: a change of language must not change a price.
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
        // Keyed by the offering's key alone, so that input stays when the row changes.
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
