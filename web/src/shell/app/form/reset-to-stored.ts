import type { DefaultValues, FieldValues, Path, UseFormReturn } from 'react-hook-form';
import { valueAt } from './value-at';

/** Values of a save: as the person sent them, and as the host stores them. */
interface Saved<F extends FieldValues> {
  sent: F;
  stored: F;
}

/** Shows the stored values after a save, except in fields that the person changed since. */
export function resetToStored<F extends FieldValues>(
  form: UseFormReturn<F>,
  fields: readonly Path<F>[],
  { sent, stored }: Saved<F>,
): void {
  const typed = fields
    .map(field => ({ field, value: form.getValues(field) }))
    .filter(({ field, value }) => value !== valueAt(sent, field));
  form.reset(stored as DefaultValues<F>);
  for (const { field, value } of typed) form.setValue(field, value, { shouldDirty: true });
}
