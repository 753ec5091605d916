import { use, useCallback, useEffect, useState } from 'react';
import type { FieldValues, Path, PathValue, UseFormReturn } from 'react-hook-form';
import { SessionContext } from '@/shell/api/session';
import { type StoredInput, inputKey, readInput, writeInput } from './unsent-store';
import { valueAt } from './value-at';

export interface UnsentInput {
  /** Time of the input that was restored; null if none was. */
  restoredFrom: string | null;
  /** Whether another person has changed a restored field since. */
  overtaken: boolean;
  /** Stored values of the restored fields at the time of the input. */
  before: Record<string, unknown>;
  /** Deletes the stored input, because it was sent or is not wanted. */
  forget: () => void;
  /** Deletes the stored input and restores the stored values. */
  discard: () => void;
}

interface Options<F extends FieldValues> {
  /** Name of the form and its subject; undefined: no input is stored. */
  name: string | undefined;
  /** Fields to store, memoised; never a secret. */
  fields: readonly Path<F>[];
}

/** Stores input until it is sent, across reloads, navigation and outages. */
export function useUnsentInput<F extends FieldValues>(
  form: UseFormReturn<F>,
  options: Options<F>,
): UnsentInput {
  const { name, fields } = options;
  const session = use(SessionContext);
  const key = name !== undefined && session ? inputKey(session, name) : null;
  const [restored, setRestored] = useState(() => (key ? readInput(key) : null));
  // Read during rendering, because React Hook Form subscribes by access.
  const { defaultValues } = form.formState;

  // Restored once; later values are the person's input.
  const [first] = useState(restored);
  useEffect(() => {
    for (const [field, value] of Object.entries(first?.values ?? {}))
      form.setValue(field as Path<F>, value as PathValue<F, Path<F>>, { shouldDirty: true });
  }, [first, form]);

  useEffect(() => {
    if (!key) return;
    const save = () => writeInput(key, difference(fields, form.getValues(), defaultValues));
    save();
    return form.subscribe({ formState: { values: true }, callback: save });
  }, [key, form, fields, defaultValues]);

  const forget = useCallback(() => {
    if (key) writeInput(key, null);
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

function difference(fields: readonly string[], values: unknown, before: unknown): StoredInput | null {
  const input: StoredInput = { at: new Date().toISOString(), values: {}, before: {} };
  for (const field of fields) {
    const [now, then] = [valueAt(values, field), valueAt(before, field)];
    if (now === then) continue;
    input.values[field] = now;
    input.before[field] = then;
  }
  return Object.keys(input.values).length > 0 ? input : null;
}

function isOvertaken(input: StoredInput, field: string, defaults: unknown): boolean {
  return field in input.values && valueAt(defaults, field) !== input.before[field];
}
