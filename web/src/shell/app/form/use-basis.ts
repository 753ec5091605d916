import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import type { DefaultValues, FieldValues, Path, PathValue, UseFormReturn } from 'react-hook-form';
import { useWatch } from 'react-hook-form';
import type { FormDraft } from './use-draft';

/** What is stored now, as the form shows it. */
export interface Stored<F extends FieldValues> {
  values: F;
  /** Which state this is; it is another one after each change. */
  tag: string;
  /** Who made it so, and when. */
  by: string | null;
  at: string | null;
}

/** A field that somebody else has changed while it stands in a form. */
export interface Overtaken<F extends FieldValues> {
  field: Path<F>;
  mine: unknown;
  theirs: unknown;
}

export interface Basis<F extends FieldValues> {
  /** The state that what stands in the form is based on, as far as it is decided. */
  tag: string;
  /** Fields that both changed, to something else each: the person decides. */
  conflicts: Overtaken<F>[];
  /** Fields that only the other one changed: the form has followed. `mine` is what stood there. */
  followed: Overtaken<F>[];
  by: string | null;
  at: string | null;
  decide: (field: Path<F>, whose: 'mine' | 'theirs') => void;
}

/**
 * What an edit is based on. When somebody else saves meanwhile, fields that the person has not touched follow, and those
 * that both changed stand side by side until one is chosen: nobody undoes what they have not seen.
 */
export function useBasis<F extends FieldValues>(
  form: UseFormReturn<F>,
  fields: readonly Path<F>[],
  stored: Stored<F>,
  draft: FormDraft,
): Basis<F> {
  const [basis, setBasis] = useState(stored);
  const [followed, setFollowed] = useState<Overtaken<F>[]>([]);
  const values = useWatch({ control: form.control }) as F;
  // Read while rendering: only so does the form know which fields somebody touched.
  const { dirtyFields, defaultValues } = form.formState;
  void dirtyFields;

  const rebase = useCallback(
    (kept: Path<F>[], newest: Stored<F>, before: (field: Path<F>) => unknown) =>
      form.reset(without(kept, newest.values, before) as DefaultValues<F>, REBASED),
    [form],
  );

  // What was restored is based on what stood there when it was typed. Once: later it is what is typed.
  const [first] = useState({ stored, before: draft.before });
  useEffect(() => {
    const overtaken = fields.filter(
      field => field in first.before && first.before[field] !== at(first.stored.values, field),
    );
    if (overtaken.length > 0) rebase(overtaken, first.stored, field => first.before[field]);
  }, [first, fields, rebase]);

  if (stored.tag !== basis.tag) {
    const free = fields.filter(
      field =>
        at(stored.values, field) !== at(basis.values, field) &&
        at(values, field) !== at(stored.values, field) &&
        at(values, field) === at(defaultValues, field),
    );
    const news = free.map(field => ({ field, mine: at(values, field), theirs: at(stored.values, field) }));
    setFollowed([...followed.filter(one => !free.includes(one.field)), ...news]);
    setBasis(stored);
  }

  // Before it is painted: what only follows is no conflict, not even for a moment.
  useLayoutEffect(() => {
    const behind = fields.filter(field => at(defaultValues, field) !== at(basis.values, field));
    const isTouched = (field: Path<F>) => form.getValues(field) !== at(defaultValues, field);
    if (behind.every(isTouched)) return;
    rebase(behind.filter(isTouched), basis, field => at(defaultValues, field));
  }, [basis, fields, form, defaultValues, rebase]);

  const conflicts = fields.flatMap(field => {
    const [base, theirs] = [at(defaultValues, field), at(stored.values, field)];
    const mine = at(values, field);
    return base === theirs || mine === theirs ? [] : [{ field, mine, theirs }];
  });
  const decide = (field: Path<F>, whose: 'mine' | 'theirs') => {
    const theirs = at(stored.values, field) as PathValue<F, Path<F>>;
    if (whose === 'theirs') form.setValue(field, theirs, { shouldDirty: true });
    const others = conflicts.map(one => one.field).filter(one => one !== field);
    rebase(others, stored, other => at(defaultValues, other));
  };
  return { tag: basis.tag, conflicts, followed, by: stored.by, at: stored.at, decide };
}

function at(values: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], values);
}

const REBASED = { keepDirtyValues: true, keepErrors: true };

/** `values`, but in these fields what was there `before`. */
function without<F extends FieldValues>(
  fields: readonly Path<F>[],
  values: F,
  before: (field: Path<F>) => unknown,
): unknown {
  const copy = structuredClone(values) as Record<string, unknown>;
  for (const field of fields) {
    const names = field.split('.');
    const last = names.pop() ?? field;
    const place = names.reduce((found, name) => found[name] as Record<string, unknown>, copy);
    place[last] = before(field);
  }
  return copy;
}
