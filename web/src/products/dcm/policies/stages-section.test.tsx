import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, expect, it } from 'vitest';
import { language } from '@/shell/i18n/language';
import { EditorContext } from './editor';
import { toForm } from './policy-model';
import { COSTLY, speechIn } from './policy-testing';
import { StagesSection } from './stages-section';

const editor = {
  names: speechIn('en').names,
  findsPeople: false,
  errorAt: (place: string) => (place === '/document/stages/1/approvers/0' ? 'No such group.' : undefined),
};

function Section() {
  const [form, setForm] = useState(toForm(COSTLY, 'en'));
  return (
    <EditorContext value={editor}>
      <StagesSection form={form} onChange={setForm} />
    </EditorContext>
  );
}

const headings = () => screen.getAllByRole('heading', { level: 2 }).map(one => one.textContent);

beforeEach(() => {
  language.choose('en');
  render(<Section />);
});

it('a stage is moved by keyboard, its new place is announced, and the button keeps the focus', async () => {
  const hand = userEvent.setup();
  expect(headings()).toEqual(['Manager', 'Finance']);
  screen.getByRole('button', { name: 'Move stage “Finance” up' }).focus();
  await hand.keyboard('{Enter}');
  expect(headings()).toEqual(['Finance', 'Manager']);
  expect(screen.getByRole('status').textContent).toBe('The stage “Finance” is now number 1 of 2.');
  const up = screen.getByRole('button', { name: 'Move stage “Finance” up' });
  expect(document.activeElement).toBe(up);
  // At the end of the list the button explains itself by its state and does nothing.
  expect(up.getAttribute('aria-disabled')).toBe('true');
  await hand.keyboard('{Enter}');
  expect(headings()).toEqual(['Finance', 'Manager']);
});

it('a removed stage is announced, and the focus stays in the section', async () => {
  const hand = userEvent.setup();
  await hand.click(screen.getByRole('button', { name: 'Remove stage “Manager”' }));
  expect(headings()).toEqual(['Finance']);
  expect(screen.getByRole('status').textContent).toBe('The stage “Manager” was removed.');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Add stage' }));
});

it('an error of one approver is at the field of that approver', () => {
  const field = screen.getByLabelText('Group');
  expect(field.getAttribute('aria-invalid')).toBe('true');
  const described = document.getElementById(field.getAttribute('aria-describedby') ?? '');
  expect(described?.textContent).toBe('No such group.');
});
