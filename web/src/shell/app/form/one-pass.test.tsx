import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useForm } from 'react-hook-form';
import { expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { ErrorSummary } from './error-summary';
import { useSubmission } from './use-command-form';

const FIELDS = ['last', 'first', 'middle'] as const;

const at = (pointer: string) => ({ pointer, code: 'x', message: `wrong: ${pointer}` });

/** Host that checks types before rules, and rules in an order of its own. */
function refuse(): Promise<never> {
  return Promise.reject(
    new Problem({ status: 422, code: 'body-invalid', errors: [at('/last'), at('/middle'), at('/first')] }),
  );
}

function Form() {
  const form = useForm({ defaultValues: { first: '', middle: '', last: '' } });
  const { run, invalid, errorAt } = useSubmission(form, FIELDS);
  return (
    <form onSubmit={event => void run(event, refuse)}>
      {(['first', 'middle', 'last'] as const).map(name => (
        <Field key={name} label={`The ${name}`} error={errorAt(name)}>
          <Input {...form.register(name)} />
        </Field>
      ))}
      <ErrorSummary fields={invalid} />
      <button>Send</button>
    </form>
  );
}

it('all errors are shown at once, and the first field on the page has the focus', async () => {
  render(<Form />);
  const hand = userEvent.setup();
  await hand.click(screen.getByRole('button', { name: 'Send' }));
  await act(() => Promise.resolve());
  expect(document.activeElement).toBe(screen.getByLabelText('The first'));
  expect(screen.getAllByText(/wrong:/).map(one => one.textContent)).toEqual([
    'wrong: /first',
    'wrong: /middle',
    'wrong: /last',
  ]);
  const summary = screen.getByRole('status');
  expect(summary.textContent).toContain('3 fields');
  await hand.click(screen.getByRole('button', { name: 'The last' }));
  expect(document.activeElement).toBe(screen.getByLabelText('The last'));
});
