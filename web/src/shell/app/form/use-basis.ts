import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import type { DefaultValues, FieldValues, Path, PathValue, UseFormReturn } from 'react-hook-form';
import { useWatch } from 'react-hook-form';
import type { UnsentInput } from './use-unsent-input';
import { valueAt } from './value-at';

/** Present stored values, as the form shows them. */
export interface Stored<F extends FieldValues> {
  values: F;
  /** Tag of the state, which changes with each save. */
  tag: string;
  /** Author and time of the last change. */
  by: string | null;
  at: string | null;
}

/** Field that another person changed while the form is open. */
export interface Overtaken<F extends FieldValues> {
  field: Path<F>;
  mine: unknown;
  theirs: unknown;
}

export interface Basis<F extends FieldValues> {
  /** Tag of the state that the form's values are based on, as far as conflicts are resolved. */
  tag: string;
  /** Conflicts: fields that both people changed to different values. */
  conflicts: Overtaken<F>[];
  /**
   * Fields that only the other person changed, so the form was updated. `mine` is the former value.
   */
  followed: Overtaken<F>[];
  by: string | null;
  at: string | null;
  decide: (field: Path<F>, whose: 'mine' | 'theirs') => void;
}

/**
 * Basis of an edit.
 *
 * When another person saves meanwhile, untouched fields are updated, and fields that both changed
 * are conflicts until the person chooses, so that no change is overwritten unseen.
 */
export function useBasis<F extends FieldValues>(
  form: UseFormReturn<F>,
  fields: readonly Path<F>[],
  stored: Stored<F>,
  unsent: UnsentInput,
): Basis<F> {
  const [basis, setBasis] = useState(stored);
  const [followed, setFollowed] = useState<Overtaken<F>[]>([]);
  const values = useWatch({ control: form.control }) as F;
  // Read during rendering, because React Hook Form subscribes by access.
  const { dirtyFields, defaultValues } = form.formState;
  void dirtyFields;

  const rebase = useCallback(
    (kept: Path<F>[], newest: Stored<F>, before: (field: Path<F>) => unknown) => {
      form.reset(without(kept, newest.values, before) as DefaultValues<F>, REBASED);
      // A reset keeps the marks of the former defaults, by which the next one would keep values
      // that the person has not changed.
      for (const field of fields) form.setValue(field, form.getValues(field), { shouldDirty: true });
    },
    [form, fields],
  );

  // Restored input is based on the values of its time; newer input is based on the present ones.
  const [first] = useState({ stored, before: unsent.before });
  useEffect(() => {
    const overtaken = fields.filter(
      field => field in first.before && first.before[field] !== valueAt(first.stored.values, field),
    );
    if (overtaken.length > 0) rebase(overtaken, first.stored, field => first.before[field]);
  }, [first, fields, rebase]);

  if (stored.tag !== basis.tag) {
    const free = fields.filter(
      field =>
        valueAt(stored.values, field) !== valueAt(basis.values, field) &&
        valueAt(values, field) !== valueAt(stored.values, field) &&
        valueAt(values, field) === valueAt(defaultValues, field),
    );
    const news = free.map(field => ({
      field,
      mine: valueAt(values, field),
      theirs: valueAt(stored.values, field),
    }));
    setFollowed([...followed.filter(one => !free.includes(one.field)), ...news]);
    setBasis(stored);
  }

  // Before painting, so that an updated field never flashes as a conflict.
  useLayoutEffect(() => {
    const behind = fields.filter(field => valueAt(defaultValues, field) !== valueAt(basis.values, field));
    const isTouched = (field: Path<F>) => form.getValues(field) !== valueAt(defaultValues, field);
    if (behind.every(isTouched)) return;
    rebase(behind.filter(isTouched), basis, field => valueAt(defaultValues, field));
  }, [basis, fields, form, defaultValues, rebase]);

  const conflicts = fields.flatMap(field => {
    const [base, theirs] = [valueAt(defaultValues, field), valueAt(stored.values, field)];
    const mine = valueAt(values, field);
    return base === theirs || mine === theirs ? [] : [{ field, mine, theirs }];
  });
  const decide = (field: Path<F>, whose: 'mine' | 'theirs') => {
    const theirs = valueAt(stored.values, field) as PathValue<F, Path<F>>;
    if (whose === 'theirs') form.setValue(field, theirs, { shouldDirty: true });
    const others = conflicts.map(one => one.field).filter(one => one !== field);
    rebase(others, stored, other => valueAt(defaultValues, other));
  };
  return { tag: basis.tag, conflicts, followed, by: stored.by, at: stored.at, decide };
}

const REBASED = { keepDirtyValues: true, keepErrors: true };

/** `values` with the former ones of these fields. */
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
