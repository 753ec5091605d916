import { onlyFor } from '@/app/page/only-for';
import { PageHeader } from '@/app/page/page-header';
import { useLanguage } from '@/i18n/language';
import { useText } from '@/i18n/use-text';
import { BLANK } from './offering-draft';
import { OfferingForm } from './offering-form';
import { text } from './text';

const NEW = { values: BLANK, tag: '', by: null, at: null };

export const NewOfferingPage = onlyFor('dcm.offer', Page);

function Page() {
  const t = useText(text);
  const language = useLanguage();
  return (
    <>
      <PageHeader title={t.newTitle} lead={t.newLead} up={{ to: '/admin/offerings', label: t.title }} />
      <OfferingForm stored={NEW} known={false} refused={null} language={language} />
    </>
  );
}
