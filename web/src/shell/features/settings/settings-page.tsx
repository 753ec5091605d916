import { useQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { Empty } from '@/shell/app/list/empty';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type ProductSettings, settingsQuery } from './settings';
import { SettingsForm } from './settings-form';
import { SettingsHistory } from './settings-history';
import { text } from './text';

export function SettingsPage() {
  const t = useText(text);
  const { data, error, refetch } = useQuery(settingsQuery);
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {data ? (
        <Products products={data} reload={() => void refetch()} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={3} />
      )}
    </>
  );
}

function Products({ products, reload }: { products: ProductSettings[]; reload: () => void }) {
  const t = useText(text);
  if (products.length === 0) {
    return (
      <Empty sentence={t.empty}>
        <Button onClick={reload}>{t.reload}</Button>
      </Empty>
    );
  }
  return (
    <div className="grid gap-9">
      {products.map(settings => (
        <div key={settings.plugin} className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
          <SettingsForm settings={settings} />
          <SettingsHistory settings={settings} />
        </div>
      ))}
    </div>
  );
}
