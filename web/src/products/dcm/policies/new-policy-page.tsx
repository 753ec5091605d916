import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { POLICY } from '../permissions';
import { BLANK_DRAFT } from './policy-draft';
import { PolicyEditor } from './policy-editor';
import { text } from './text';

const NEW = { values: BLANK_DRAFT, tag: '', by: null, at: null };

export const NewPolicyPage = onlyFor(POLICY, Page);

function Page() {
  const t = useText(text);
  const navigate = useNavigate();
  const [language] = useState(useLanguage());
  return (
    <>
      <PageHeader title={t.newTitle} lead={t.newLead} up={{ to: '/admin/policies', label: t.title }} />
      <PolicyEditor
        stored={NEW}
        revision={0}
        refused={null}
        language={language}
        onSaved={key => void navigate({ to: '/admin/policies/$key', params: { key } })}
      />
    </>
  );
}
