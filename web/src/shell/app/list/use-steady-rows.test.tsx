import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FreshNote } from './fresh-note';
import { steady } from './steady';
import { useSteadyRows } from './use-steady-rows';

interface Waiting {
  id: string;
  state?: string;
}

const rowId = (row: Waiting) => row.id;
const of = (...ids: string[]): Waiting[] => ids.map(id => ({ id }));
const pressed = vi.fn<(id: string) => void>();

function List({ live, scope = '' }: { live: Waiting[]; scope?: string }) {
  const list = useSteadyRows(live, rowId, scope);
  return (
    <div data-testid="list" {...list.place}>
      <FreshNote fresh={list.fresh} update={list.update} />
      {list.rows.map(({ id }) => (
        <button key={id} onClick={() => pressed(id)}>
          {list.gone.has(id) ? `${id} gone` : id}
        </button>
      ))}
    </div>
  );
}

const names = () => screen.getAllByRole('button').map(button => button.textContent);

describe('rows that are on the screen', () => {
  it('keep their places with present values', () => {
    const live = [{ id: 'new' }, { id: 'b', state: 'changed' }, { id: 'c' }, { id: 'later' }];
    const { rows, fresh, gone } = steady(of('a', 'b', 'c'), live, rowId);
    expect(rows.map(rowId)).toEqual(['a', 'b', 'c', 'later']);
    expect(rows[1]?.state).toBe('changed');
    expect([fresh, [...gone]]).toEqual([1, ['a']]);
  });

  it('do not change their order', () => {
    expect(steady(of('a', 'b'), of('b', 'a'), rowId).rows.map(rowId)).toEqual(['a', 'b']);
  });
});

describe('nothing moves under a resting pointer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    pressed.mockClear();
  });
  afterEach(() => void vi.useRealTimers());

  it('when rows change, until it leaves or the new rows are requested', () => {
    const { rerender } = render(<List live={of('a', 'b')} />);
    fireEvent.pointerEnter(screen.getByTestId('list'));
    rerender(<List live={of('x', 'y', 'b')} />);
    expect(names()).toEqual(['2 new · Show', 'a gone', 'b']);
    fireEvent.click(screen.getByRole('button', { name: /2 new/ }));
    expect(names()).toEqual(['x', 'y', 'b']);

    rerender(<List live={of('y', 'b')} />);
    expect(names()).toEqual(['x gone', 'y', 'b']);
    fireEvent.pointerLeave(screen.getByTestId('list'));
    act(() => void vi.advanceTimersByTime(2_500));
    expect(names()).toEqual(['y', 'b']);
  });

  it('while the keyboard’s focus is in the list', () => {
    const { rerender } = render(<List live={of('a', 'b')} />);
    act(() => screen.getByRole('button', { name: 'a' }).focus());
    rerender(<List live={of('x', 'a', 'b')} />);
    expect(names()).toEqual(['1 new · Show', 'a', 'b']);
  });

  it('and a click just after a move is ignored', () => {
    const { rerender } = render(<List live={of('a', 'b')} />);
    rerender(<List live={of('b')} />);
    fireEvent.click(screen.getByRole('button', { name: 'b' }));
    expect(pressed).not.toHaveBeenCalled();
    act(() => void vi.advanceTimersByTime(700));
    fireEvent.click(screen.getByRole('button', { name: 'b' }));
    expect(pressed).toHaveBeenCalledWith('b');
  });

  it('and a new filter shows its rows at once', () => {
    const { rerender } = render(<List live={of('a', 'b')} />);
    fireEvent.pointerEnter(screen.getByTestId('list'));
    rerender(<List live={of('b', 'a')} scope="?sort=-name" />);
    expect(names()).toEqual(['b', 'a']);
  });
});
