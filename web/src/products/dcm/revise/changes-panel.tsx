import { Panel } from '@/shell/app/page/panel';
import { useText } from '@/shell/i18n/use-text';
import { ChangeList } from './change-list';
import type { Change } from './changes';
import { text } from './text';

interface ChangesPanelProps {
  changes: readonly Change[];
  currency: string | null;
}

/** Differences between a request and its new revision, with both values. */
export function ChangesPanel({ changes, currency }: ChangesPanelProps) {
  const t = useText(text);
  return (
    <Panel title={t.changes}>
      {changes.length === 0 ? (
        <p className="px-5 py-4 text-quiet">{t.none}</p>
      ) : (
        <div className="p-5">
          <ChangeList changes={changes} currency={currency} />
        </div>
      )}
    </Panel>
  );
}
