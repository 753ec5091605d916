import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { type SavedDraft, draftsQuery, useDraftChanges } from '@/shell/features/drafts/drafts';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
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
  const shell = useShellText();
  const { remove } = useDraftChanges();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await remove(draft);
      toast.success(t.deleted(title));
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" aria-label={t.deleteOne(title)} onClick={() => setOpen(true)}>
        {t.delete}
      </Button>
      <Dialog open={open} onOpenChange={next => (busy ? undefined : setOpen(next))}>
        <DialogContent title={t.deleteOne(title)} lead={t.deleteLead} closeLabel={shell.close}>
          {refused ? <ProblemAlert cause={refused} /> : null}
          <DialogActions>
            <DialogClose asChild>
              <Button>{shell.cancel}</Button>
            </DialogClose>
            <Button look="destructive" busy={busy} onClick={() => void run()}>
              {t.delete}
            </Button>
          </DialogActions>
        </DialogContent>
      </Dialog>
    </>
  );
}
