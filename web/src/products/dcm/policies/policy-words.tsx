import type { Row } from '../api';
import { useText } from '@/shell/i18n/use-text';
import type { PolicyDocument } from './document';
import { SentencePanel } from './sentence-panel';
import { text } from './text';
import { useNames } from './use-names';

/** Policy for people who read policies and do not change them. */
export function PolicyWords({ row }: { row: Row<'policies'> }) {
  const t = useText(text);
  const [draft, published] = [row.draft, row.document] as (PolicyDocument | null)[];
  const names = useNames([draft, published].filter(one => one != null));
  return (
    <div className="grid max-w-3xl gap-6">
      {published ? <SentencePanel title={t.published} document={published} names={names} /> : null}
      {draft ? <SentencePanel title={t.draft} document={draft} names={names} /> : null}
    </div>
  );
}
