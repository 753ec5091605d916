import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { ActionButton } from '@/shell/app/actions/action-button';
import { createFormat } from '@/shell/i18n/format';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { ProblemAlert } from './problem-alert';

const said = 'Being read since 2026-11-28 21:44 UTC.';
const shown = `Being read since ${createFormat('en').dateTime('2026-11-28T21:44:00Z')}.`;

it('says why something cannot be done with times in the reader’s zone', () => {
  const action = { command: 'x', title: 'Do it', permitted: true, allowed: false, why: said, body: {} };
  render(
    <TooltipProvider>
      <ActionButton action={action} onRun={() => undefined} />
    </TooltipProvider>,
  );
  expect(screen.getByRole('button', { description: shown }).textContent).toBe('Do it');
});

it('says what was refused with times in the reader’s zone', () => {
  const problem = new Problem({ status: 409, code: 'x', title: 'Refused', detail: said });
  render(<ProblemAlert cause={problem} />);
  expect(screen.getByRole('alert').textContent).toContain(shown);
});
