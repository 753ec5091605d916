import { CopyButton } from '@/shell/app/page/copy-button';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';

/** Link of the first admin's invitation, for passing on. */
export function InvitedNote({ link }: { link: string }) {
  const { make: t } = useText(text).tenants;
  return (
    <>
      <p className="text-sm">{t.passOn}</p>
      <p className="flex items-center gap-2 rounded-lg bg-sunken px-3 py-2">
        <code className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{link}</code>
        <CopyButton text={link} what={t.link} />
      </p>
    </>
  );
}
