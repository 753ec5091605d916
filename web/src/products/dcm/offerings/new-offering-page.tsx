import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { OFFER } from '../permissions';
import { BLANK } from './offering-draft';
import { OfferingForm } from './offering-form';
import { text } from './text';

const NEW = { values: BLANK, tag: '', by: null, at: null };

export const NewOfferingPage = onlyFor(OFFER, Page);

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
