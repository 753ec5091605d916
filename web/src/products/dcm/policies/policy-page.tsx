import { useState } from 'react';
import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { type Row, useRow } from '../api';
import { AUDIT, POLICY } from '../permissions';
import { RowActions } from '../row-actions';
import type { SimulationPanelProps } from '../simulation/simulation-panel';
import { toDraft } from './policy-draft';
import { PolicyEditor } from './policy-editor';
import { usePolicyPlans } from './policy-plans';
import { toneOf } from './policy-status';
import { PolicyWords } from './policy-words';
import { policyRoute } from './routes';
import { text } from './text';

const SimulationPanel = lazyPage<'SimulationPanel', SimulationPanelProps>(
  () => import('../simulation/simulation-panel'),
  'SimulationPanel',
);

const PolicyHistory = lazyPage<'PolicyHistory', { policy: string }>(
  () => import('./policy-history'),
  'PolicyHistory',
);

export const PolicyPage = onlyFor([POLICY, AUDIT], Page);

function Page() {
  const t = useText(text);
  const language = useLanguage();
  const { key } = policyRoute.useParams();
  const mayEdit = may(useSession(), POLICY);
  const [isDirty, setDirty] = useState(false);
  const { data: row, error, refetch } = useRow('policies', key);
  const plans = usePolicyPlans();
  const name = row ? (row[`name_${language}`] ?? row.key) : undefined;
  return (
    <>
      <PageHeader
        title={name}
        lead={t.editLead}
        beside={row ? <Badge tone={toneOf(row.status)}>{row.status_text}</Badge> : null}
        up={{ to: '/admin/policies', label: t.title }}
        actions={
          row && mayEdit && !isDirty ? (
            <RowActions actions={row.actions} plans={plans} name={name ?? row.key} unavailable="in-menu" />
          ) : isDirty ? (
            <p className="max-w-80 text-sm text-quiet">{t.unsaved}</p>
          ) : null
        }
      />
      {row ? (
        <div className="grid gap-6">
          {mayEdit ? <Editing key={row.key} row={row} onDirty={setDirty} /> : <PolicyWords row={row} />}
          {mayEdit && row.draft ? (
            <SimulationPanel
              key={`${row.key} ${String(row.revision)}`}
              policy={row.key}
              revision={row.revision ?? 0}
              isDirty={isDirty}
            />
          ) : null}
          <PolicyHistory policy={row.key} />
        </div>
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={8} />
      )}
    </>
  );
}

/** Editor of a stored policy. Input stays when the row changes. */
function Editing({ row, onDirty }: { row: Row<'policies'>; onDirty: (isDirty: boolean) => void }) {
  // Amounts keep the format of the initial language, so that a new language changes no amount.
  const [language] = useState(useLanguage());
  const save = row.actions.find(action => action.command === 'draft-policy');
  return (
    <PolicyEditor
      stored={{
        values: toDraft(row, language),
        tag: row.position,
        by: row.drafted_by_name ?? row.published_by_name,
        at: row.drafted_at ?? row.published_at,
      }}
      revision={row.revision ?? 0}
      refused={save && !save.allowed ? save.why : null}
      language={language}
      onSaved={NOTHING}
      onDirty={onDirty}
    />
  );
}

const NOTHING = () => undefined;
