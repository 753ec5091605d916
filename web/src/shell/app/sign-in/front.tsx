import type { ReactNode } from 'react';
import { useBrand } from '../brand';
import { Brand } from '../layout/brand';
import { LanguageSwitch } from './language-switch';

/** Page without the shell, for people without a session. */
export function Front({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  const brand = useBrand();
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-5 py-4 sm:px-8">
        <Brand under={brand.longName} />
        <LanguageSwitch />
      </header>
      <main className="grid flex-1 place-items-center px-5 pb-24">
        <title>{`${title} · ${brand.name}`}</title>
        <div className="grid w-full max-w-md gap-7 rounded-2xl border border-line bg-surface p-7 shadow-low sm:p-10">
          <div className="grid gap-2.5">
            <h1 tabIndex={-1} className="text-2xl font-semibold">
              {title}
            </h1>
            <p className="text-quiet">{lead}</p>
          </div>
          {children}
        </div>
      </main>
    </div>
  );
}
