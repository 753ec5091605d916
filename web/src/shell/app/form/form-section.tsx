import type { ReactNode } from 'react';

/**
 * Group of fields with a heading. The legend floats, since a floating one is laid out like other
 * children.
 */
export function FormSection({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
}) {
  return (
    <fieldset className="grid gap-4 border-b border-line p-5 sm:p-6">
      <legend className="float-left text-base font-semibold">{title}</legend>
      {lead ? <p className="-mt-3 text-sm text-quiet">{lead}</p> : null}
      <div className="grid gap-4">{children}</div>
    </fieldset>
  );
}
