import { Toaster as Sonner } from 'sonner';

/** Messages of success; errors are shown in place. */
export function Toaster({ label }: { label: string }) {
  return (
    <Sonner
      position="bottom-right"
      containerAriaLabel={label}
      // The library's own style sheet sets another font.
      style={{ fontFamily: 'inherit' }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-full items-center gap-2.5 rounded-lg border border-good-line bg-raised px-4 py-3 text-sm text-text shadow-high [&_svg]:size-4 [&_svg]:text-good',
          title: 'font-medium',
        },
      }}
    />
  );
}
