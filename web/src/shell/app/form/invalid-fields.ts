/** Field of a form that has an error. */
export interface InvalidField {
  id: string;
  label: string;
}

const INVALID = '[aria-invalid="true"]';

/** Invalid fields in the order of the page, not of the errors. */
export function invalidFields(form: HTMLElement): InvalidField[] {
  return [...form.querySelectorAll<HTMLElement>(INVALID)].map(({ id }) => ({
    id,
    label: form.querySelector(`label[for="${id}"]`)?.textContent ?? id,
  }));
}

export function focusFirstInvalid(form: HTMLElement): void {
  form.querySelector<HTMLElement>(INVALID)?.focus();
}
