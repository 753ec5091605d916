import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useShellText } from '@/shell/i18n/shell-text';

/** A page may have to be loaded first; later than this nobody waits for its heading any more. */
const PATIENCE = 8_000;

/** A change of page without a load is silent: say where one is, and go on reading from its heading. */
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
