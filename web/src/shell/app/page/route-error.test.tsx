import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { CatchBoundary } from '@tanstack/react-router';
import { cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { RouteError } from './route-error';

afterEach(cleanup);

function Page({ names }: { names: string[] }) {
  const [first, second] = names;
  return (
    <p>
      Waiting for {first}
      {second ? ` or ${second}` : null} since 10:42
    </p>
  );
}

function Boundary({ children }: { children: ReactNode }) {
  return (
    <QueryClientProvider client={new QueryClient()}>
      <CatchBoundary getResetKey={() => 'same'} errorComponent={RouteError}>
        {children}
      </CatchBoundary>
    </QueryClientProvider>
  );
}

const page = (names: string[]) => (
  <Boundary>
    <Page names={names} />
  </Boundary>
);

/** Wraps each text in an element, like Chrome's translation. */
function translate(root: Element): void {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const all: Node[] = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) all.push(text);
  for (const text of all) {
    const font = document.createElement('font');
    text.parentNode?.replaceChild(font, text);
    font.append(text);
  }
}

test('a page whose texts a translation has moved renders again', () => {
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { container, rerender } = render(page(['Lena', 'James']));
  expect(container.textContent).toBe('Waiting for Lena or James since 10:42');
  translate(container);
  rerender(page(['Lena']));
  expect(container.textContent).toBe('Waiting for Lena since 10:42');
  quiet.mockRestore();
});
