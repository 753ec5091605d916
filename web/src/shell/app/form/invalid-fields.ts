/** Field of a form that has an error. */
export interface InvalidField {
  id: string;
  label: string;
}

/** Fields, and messages of parts that are no single field, whose name is in the attribute. */
const INVALID = '[aria-invalid="true"], [data-invalid]';

/** Invalid fields in the order of the page, not of the errors. */
export function invalidFields(form: HTMLElement): InvalidField[] {
  return [...form.querySelectorAll<HTMLElement>(INVALID)].map(({ id, dataset }) => ({
    id,
    label: dataset['invalid'] ?? form.querySelector(`label[for="${id}"]`)?.textContent ?? id,
  }));
}

export function focusFirstInvalid(form: HTMLElement): void {
  form.querySelector<HTMLElement>(INVALID)?.focus();
}
