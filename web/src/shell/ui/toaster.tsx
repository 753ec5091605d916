import { useEffect } from 'react';
import { Toaster as Sonner, toast } from 'sonner';
import { showToastsBy } from './toast';

/** Messages of success; errors are shown in place. */
export function Toaster({ label }: { label: string }) {
  useEffect(() => showToastsBy(({ tone, text }) => (tone === 'neutral' ? toast : toast[tone])(text)), []);
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
