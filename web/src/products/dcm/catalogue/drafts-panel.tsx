import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { Panel } from '@/shell/app/page/panel';
import { type SavedDraft, draftsQuery, useDraftChanges } from '@/shell/features/drafts/drafts';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { requestDrafts, valuesOfDraft } from './draft-values';
import { text } from './text';

/** Saved drafts of requests; nothing if there are none. */
export function DraftsPanel() {
  const t = useText(text).drafts;
  const { data } = useQuery({ ...draftsQuery, throwOnError: false });
  const drafts = requestDrafts(data ?? []);
  if (drafts.length === 0) return null;
  return (
    <Panel title={t.title} className="mb-6">
      <ul className="divide-y divide-line">
        {drafts.map(draft => (
          <Entry key={draft.id} draft={draft} />
        ))}
      </ul>
    </Panel>
  );
}

function Entry({ draft }: { draft: SavedDraft }) {
  const t = useText(text).drafts;
  const format = useFormat();
  const { offering } = valuesOfDraft(draft);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
      <div className="grid min-w-0 flex-1 basis-48">
        {offering ? (
          <Link
            to="/catalogue/$offering"
            params={{ offering }}
            search={{ draft: draft.id }}
            className="rounded font-medium wrap-anywhere underline underline-offset-2 hover:text-accent-text"
          >
            {draft.title}
          </Link>
        ) : (
          <span className="font-medium wrap-anywhere">{draft.title}</span>
        )}
        <span className="text-sm text-quiet">
          {t.dates(format.ago(draft.changed_at), format.date(draft.expires_at))}
        </span>
      </div>
      <DeleteDraft draft={draft} />
    </li>
  );
}

function DeleteDraft({ draft }: { draft: SavedDraft }) {
  const { title } = draft;
  const t = useText(text).drafts;
  const { remove } = useDraftChanges();
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await remove(draft);
    toast.success(t.deleted(title));
  };
  return (
    <>
      <Button size="small" aria-label={t.deleteOne(title)} onClick={() => setAsking(true)}>
        {t.delete}
      </Button>
      {asking ? (
        <ConfirmDialog
          title={t.deleteOne(title)}
          lead={t.deleteLead}
          confirmLabel={t.delete}
          run={run}
          close={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
