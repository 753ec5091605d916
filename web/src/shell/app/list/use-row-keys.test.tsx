import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useRef } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { useRowKeys } from './use-row-keys';

const KEYS = { s: '[data-command=ship]', c: '[data-command=cancel]' };
const pressed = vi.fn<(what: string) => void>();

function List() {
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list, KEYS);
  return (
    <>
      <button>outside</button>
      <div ref={list}>
        {[0, 1].map(row => (
          <article key={row} data-row-index={row}>
            <a href="/">{`order ${row}`}</a>
            <input aria-label={`note ${row}`} />
            <button data-command="ship" onClick={() => pressed(`ship ${row}`)} />
          </article>
        ))}
      </div>
    </>
  );
}

afterEach(() => {
  cleanup();
  pressed.mockClear();
});

it('a key presses the button of the row with the focus', () => {
  render(<List />);
  fireEvent.keyDown(screen.getByText('order 1'), { key: 's' });
  expect(pressed.mock.calls).toEqual([['ship 1']]);
});

it.each([
  { when: 'while a person types', on: () => screen.getByLabelText('note 1'), key: { key: 's' } },
  { when: 'with a modifier', on: () => screen.getByText('order 1'), key: { key: 's', ctrlKey: true } },
  { when: 'while it is held down', on: () => screen.getByText('order 1'), key: { key: 's', repeat: true } },
  { when: 'outside of the rows', on: () => screen.getByText('outside'), key: { key: 's' } },
  { when: 'without its button', on: () => screen.getByText('order 1'), key: { key: 'c' } },
])('a key does nothing $when', ({ on, key }) => {
  render(<List />);
  // The event is not cancelled, so that other parts of the page can use the key.
  expect(fireEvent.keyDown(on(), key)).toBe(true);
  expect(pressed).not.toHaveBeenCalled();
});
