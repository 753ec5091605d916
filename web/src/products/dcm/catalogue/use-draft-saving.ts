import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { randomId } from '@/shell/api/random-id';
import { type DraftBasis, type SavedDraft, useDraftChanges } from '@/shell/features/drafts/drafts';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import { ID } from '../api';
import { COMMAND } from './draft-values';
import type { RequestValues } from './request-values';
import { text } from './text';

export interface DraftSaving {
  /** Id of the draft that the form continues; undefined: nothing is saved yet. */
  id: string | undefined;
  save: () => void;
  saveAsNew: () => void;
  /** Deletes the saved draft after its request was submitted. */
  deleteSaved: () => void;
  busy: boolean;
  refused: unknown;
}

interface Options {
  /** Draft with which the form began. */
  continued: SavedDraft | undefined;
  values: () => RequestValues;
  /** Name of a draft without a VM name. */
  unnamed: string;
  /** Called with the values that are saved now. */
  onSaved: (values: RequestValues) => void;
}

/** A new draft. A repeated attempt has the same id, so that a lost answer makes no second draft. */
const fresh = (): DraftBasis => ({ id: randomId(), revision: 0 });

/** Saves the values of the request form as a draft on the host. */
export function useDraftSaving({ continued, values, unnamed, onSaved }: Options): DraftSaving {
  const t = useText(text).drafts;
  const navigate = useNavigate();
  const changes = useDraftChanges();
  const [basis, setBasis] = useState<DraftBasis>(() => continued ?? fresh());
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const saveAt = async (at: DraftBasis) => {
    setBasis(at);
    setBusy(true);
    setRefused(null);
    const typed = values();
    try {
      const title = typed.name.trim().slice(0, 200) || unnamed;
      const saved = await changes.save(at, { product: ID, command: COMMAND, title, values: { ...typed } });
      setBasis(saved);
      onSaved(typed);
      toast.success(t.saved(title));
      await navigate({ to: '.', search: { draft: saved.id }, replace: true } as never);
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return {
    id: basis.revision > 0 ? basis.id : undefined,
    save: () => void saveAt(basis),
    saveAsNew: () => void saveAt(fresh()),
    // A draft that was changed elsewhere stays, also one whose deletion failed.
    deleteSaved: () => void (basis.revision > 0 && changes.remove(basis).catch(() => undefined)),
    busy,
    refused,
  };
}
