import { useQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { mailPreferencesQuery } from './mail-settings';
import { MailSettingsForm } from './mail-settings-form';
import { text } from './text';

/** Mails of the person: at once or as a digest, and which kinds. */
export function MailSettingsPage() {
  const t = useText(text);
  const { data, error, refetch } = useQuery(mailPreferencesQuery);
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {data ? (
        <Panel title={t.title}>
          <MailSettingsForm key={data.tag ?? ''} stored={data} />
        </Panel>
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={3} />
      )}
    </>
  );
}
