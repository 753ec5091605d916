import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useForm } from 'react-hook-form';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Session, SessionContext } from '@/shell/api/session';
import { ChangedMeanwhile } from './changed-meanwhile';
import { useBasis } from './use-basis';
import { useUnsentInput } from './use-unsent-input';

const JAMES: Session = {
  kind: 'member',
  actor: 'james',
  name: 'James Carter',
  tenant: { slug: 'acme', name: 'Acme' },
  roles: [],
  permissions: [],
  locale: 'en',
};
const FIELDS = ['base', 'cpu', 'config.url'] as const;
const LABELS: Record<string, string> = { base: 'Base', cpu: 'Cpu', 'config.url': 'Url' };
const FIRST = { base: '10', cpu: '8', config: { url: 'a' } };
const saved: unknown[] = [];

function Form({ values, tag }: { values: typeof FIRST; tag: string }) {
  const form = useForm({ defaultValues: values });
  const unsent = useUnsentInput(form, { name: 'model/small', fields: FIELDS });
  const basis = useBasis(
    form,
    FIELDS,
    { values, tag, by: 'Miriam Vogt', at: '2026-11-28T12:00:00Z' },
    unsent,
  );
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (basis.conflicts.length === 0) saved.push({ tag: basis.tag, ...form.getValues() });
      }}
    >
      <input aria-label="Base" {...form.register('base')} />
      <input aria-label="Cpu" {...form.register('cpu')} />
      <input aria-label="Url" {...form.register('config.url')} />
      <button type="submit">Save</button>
      <ChangedMeanwhile basis={basis} label={field => LABELS[field] ?? ''} />
    </form>
  );
}

const form = (values: typeof FIRST, tag: string) => (
  <SessionContext value={JAMES}>
    <Form values={values} tag={tag} />
  </SessionContext>
);
const shown = () => ['Base', 'Cpu', 'Url'].map(label => screen.getByLabelText<HTMLInputElement>(label).value);
const panel = () => screen.queryByRole('status')?.textContent;
const hand = userEvent.setup();

async function type(label: string, text: string) {
  await hand.clear(screen.getByLabelText(label));
  await hand.type(screen.getByLabelText(label), text);
}
const save = () => hand.click(screen.getByRole('button', { name: 'Save' }));

beforeEach(() => {
  sessionStorage.clear();
  saved.length = 0;
});

describe('another person saves while a form is open', () => {
  it('untouched fields are updated, with a notice', async () => {
    const { rerender } = render(form(FIRST, '1-1'));
    await type('Cpu', '9');
    rerender(form({ ...FIRST, base: '77' }, '1-2'));
    expect(shown()).toEqual(['77', '9', 'a']);
    expect(panel()).toContain('Miriam Vogt changed this');
    expect(panel()).toContain('Base: 77 instead of 10');
    await save();
    expect(saved).toEqual([{ tag: '1-2', base: '77', cpu: '9', config: { url: 'a' } }]);
  });

  it.each([
    ['mine', '12'],
    ['theirs', '77'],
  ])('what both changed stands side by side, and the person chooses (%s)', async (whose, value) => {
    const { rerender } = render(form(FIRST, '1-1'));
    await type('Base', '12');
    rerender(form({ ...FIRST, base: '77', config: { url: 'b' } }, '1-2'));
    expect(shown()).toEqual(['12', '8', 'b']);
    await save();
    expect(saved).toEqual([]);
    expect(screen.getByRole('group', { name: 'Base' }).textContent).toMatch(/You.*12.*Miriam Vogt.*77/);
    await hand.click(screen.getByRole('button', { name: `Base: use ${value}` }));
    expect(screen.queryByRole('group')).toBeNull();
    await save();
    expect(saved).toEqual([{ tag: '1-2', base: value, cpu: '8', config: { url: 'b' } }]);
    expect(whose).toBeTruthy();
  });

  it('equal changes and the person’s own change are no conflicts', async () => {
    const { rerender } = render(form(FIRST, '1-1'));
    await type('Base', '77');
    rerender(form({ ...FIRST, base: '77' }, '1-2'));
    expect(panel()).toBeUndefined();
    await type('Base', '78');
    rerender(form({ ...FIRST, base: '79' }, '1-3'));
    expect(panel()).toContain('Base');
  });

  it('a third save during a conflict is compared with the stored state of that time', async () => {
    const { rerender } = render(form(FIRST, '1-1'));
    await type('Base', '12');
    rerender(form({ ...FIRST, base: '77' }, '1-2'));
    rerender(form({ ...FIRST, base: '99' }, '1-3'));
    await hand.click(screen.getByRole('button', { name: 'Base: use 99' }));
    await save();
    expect(saved).toEqual([{ tag: '1-3', base: '99', cpu: '8', config: { url: 'a' } }]);
  });

  it('input before a reload is based on the state of that time', async () => {
    const first = render(form(FIRST, '1-1'));
    await type('Base', '12');
    first.unmount();
    render(form({ ...FIRST, base: '77', cpu: '5' }, '1-2'));
    expect(shown()).toEqual(['12', '5', 'a']);
    expect(screen.getByRole('group', { name: 'Base' })).toBeDefined();
    await hand.click(screen.getByRole('button', { name: 'Base: use 12' }));
    await save();
    expect(saved).toEqual([{ tag: '1-2', base: '12', cpu: '5', config: { url: 'a' } }]);
  });
});
