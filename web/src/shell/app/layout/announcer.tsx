import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useShellText } from '@/shell/i18n/shell-text';

/** Milliseconds to wait for the heading of a page that must be loaded first. */
const PATIENCE = 8_000;

/**
 * Announces a change of page to screen readers and moves the focus to the heading, since no
 * document is loaded.
 */
export function Announcer() {
  const t = useShellText();
  const path = useRouterState({
    select: state => state.resolvedLocation?.pathname ?? state.location.pathname,
  });
  const first = useRef(path);
  const [message, setMessage] = useState('');

  useEffect(() => {
    if (first.current === path) return;
    first.current = path;
    return whenHeadingStands(heading => {
      setMessage(t.openPage(heading.textContent ?? ''));
      heading.focus({ preventScroll: true });
    });
  }, [path, t]);

  return (
    <div aria-live="polite" aria-atomic className="sr-only">
      {message}
    </div>
  );
}

function whenHeadingStands(then: (heading: HTMLElement) => void): () => void {
  const started = Date.now();
  let frame = requestAnimationFrame(look);
  function look() {
    const heading = document.querySelector<HTMLElement>('main h1');
    if (heading?.textContent) then(heading);
    else if (Date.now() - started < PATIENCE) frame = requestAnimationFrame(look);
  }
  return () => cancelAnimationFrame(frame);
}
