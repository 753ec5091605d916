import { use, useCallback, useEffect, useState } from 'react';
import type { FieldValues, Path, PathValue, UseFormReturn } from 'react-hook-form';
import { SessionContext } from '@/shell/api/session';
import { type Draft, draftKey, readDraft, writeDraft } from './draft-store';

export interface FormDraft {
  /** When what was restored had been typed; null when nothing was. */
  restoredFrom: string | null;
  /** A field of it was changed by somebody else since. */
  overtaken: boolean;
  /** What stood where something was restored, when it was typed. */
  before: Record<string, unknown>;
  /** It was sent, or is not wanted any more. */
  forget: () => void;
  /** Forgets it, and shows what stood there before. */
  discard: () => void;
}

interface Options<F extends FieldValues> {
  /** Of the form and of what it is about; without one nothing is kept. */
  name: string | undefined;
  /** Never a secret. Memoise it. */
  fields: readonly Path<F>[];
}

/** Keeps what is typed until it is sent: through a reload, the way back, and an outage. */
export function useDraft<F extends FieldValues>(form: UseFormReturn<F>, options: Options<F>): FormDraft {
  const { name, fields } = options;
  const session = use(SessionContext);
  const key = name !== undefined && session ? draftKey(session, name) : null;
  const [restored, setRestored] = useState(() => (key ? readDraft(key) : null));
  // Read while rendering: only so does the form tell about changes.
  const { defaultValues } = form.formState;

  // Once: later it is what is typed.
  const [first] = useState(restored);
  useEffect(() => {
    for (const [field, value] of Object.entries(first?.values ?? {}))
      form.setValue(field as Path<F>, value as PathValue<F, Path<F>>, { shouldDirty: true });
  }, [first, form]);

  useEffect(() => {
    if (!key) return;
    const save = () => writeDraft(key, difference(fields, form.getValues(), defaultValues));
    save();
    return form.subscribe({ formState: { values: true }, callback: save });
  }, [key, form, fields, defaultValues]);

  const forget = useCallback(() => {
    if (key) writeDraft(key, null);
    setRestored(null);
  }, [key]);
  const discard = useCallback(() => {
    form.reset();
    forget();
  }, [form, forget]);
  return {
    restoredFrom: restored?.at ?? null,
    before: first?.before ?? NOTHING,
    overtaken: restored !== null && fields.some(field => isOvertaken(restored, field, defaultValues)),
    forget,
    discard,
  };
}

const NOTHING = {};

function difference(fields: readonly string[], values: unknown, before: unknown): Draft | null {
  const draft: Draft = { at: new Date().toISOString(), values: {}, before: {} };
  for (const field of fields) {
    const [now, then] = [valueAt(values, field), valueAt(before, field)];
    if (now === then) continue;
    draft.values[field] = now;
    draft.before[field] = then;
  }
  return Object.keys(draft.values).length > 0 ? draft : null;
}

function isOvertaken(draft: Draft, field: string, defaults: unknown): boolean {
  return field in draft.values && valueAt(defaults, field) !== draft.before[field];
}

function valueAt(values: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], values);
}
