import { fireEvent, render, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { useOneTargetPerDoubleClick } from './ignore-clicks';

const pressed = vi.fn<(name: string) => void>();

function Page() {
  useOneTargetPerDoubleClick();
  return (
    <>
      <button onClick={() => pressed('first')}>First</button>
      <button onClick={() => pressed('next')}>Next</button>
      <label>
        Wanted
        <input type="checkbox" />
      </label>
    </>
  );
}

it('the second click of a double click presses only the same button', () => {
  render(<Page />);
  const [first, next] = ['First', 'Next'].map(name => screen.getByRole('button', { name }));
  fireEvent.click(first as Element, { detail: 1 });
  fireEvent.click(next as Element, { detail: 2 });
  expect(pressed.mock.calls).toEqual([['first']]);
  fireEvent.click(next as Element, { detail: 1 });
  fireEvent.click(next as Element, { detail: 2 });
  expect(pressed.mock.calls).toEqual([['first'], ['next'], ['next']]);

  const box = screen.getByLabelText<HTMLInputElement>('Wanted');
  fireEvent.click(screen.getByText('Wanted'), { detail: 1 });
  fireEvent.click(screen.getByText('Wanted'), { detail: 2 });
  expect(box.checked).toBe(false);
});
