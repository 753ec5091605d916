import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useForm } from 'react-hook-form';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Session, SessionContext } from '@/shell/api/session';
import { forgetInputOfOthers } from './unsent-store';
import { UnsentNote } from './unsent-note';
import { useUnsentInput } from './use-unsent-input';

const lena: Session = {
  kind: 'member',
  actor: 'lena',
  name: 'Lena',
  tenant: { slug: 'acme', name: 'Acme' },
  roles: [],
  permissions: [],
  locale: 'en',
};
const FIELDS = ['name', 'price'] as const;

function Form({ price }: { price: string }) {
  const form = useForm({ defaultValues: { name: '', price, secret: '' } });
  const unsent = useUnsentInput(form, { name: 'model/small', fields: FIELDS });
  return (
    <form>
      <UnsentNote unsent={unsent} />
      <input aria-label="Name" {...form.register('name')} />
      <input aria-label="Price" {...form.register('price')} />
      <input aria-label="Secret" {...form.register('secret')} />
      <button type="button" onClick={unsent.forget}>
        Sent
      </button>
    </form>
  );
}

function open(person: Session, price = '10') {
  return render(
    <SessionContext value={person}>
      <Form price={price} />
    </SessionContext>,
  );
}

const shown = (label: string) => screen.getByLabelText<HTMLInputElement>(label).value;

describe('unsent input', () => {
  beforeEach(() => sessionStorage.clear());

  it('is restored after a reload, with a notice, and can be discarded', async () => {
    const hand = userEvent.setup();
    const first = open(lena);
    await hand.type(screen.getByLabelText('Name'), 'web');
    first.unmount();
    open(lena);
    expect(shown('Name')).toBe('web');
    expect(screen.getByRole('status').textContent).toContain('was restored');
    await hand.click(screen.getByRole('button', { name: 'Discard this input' }));
    expect([shown('Name'), screen.queryByRole('status')]).toEqual(['', null]);
    expect(sessionStorage.length).toBe(0);
  });

  it('contains no secret, and is deleted when it is sent', async () => {
    const hand = userEvent.setup();
    open(lena);
    await hand.type(screen.getByLabelText('Secret'), 'canary');
    await hand.type(screen.getByLabelText('Name'), 'web');
    expect(JSON.stringify({ ...sessionStorage })).not.toContain('canary');
    expect(sessionStorage.length).toBe(1);
    await hand.click(screen.getByRole('button', { name: 'Sent' }));
    expect(sessionStorage.length).toBe(0);
  });

  it('belongs to one person in one tenant', async () => {
    const first = open(lena);
    await userEvent.setup().type(screen.getByLabelText('Name'), 'web');
    first.unmount();
    const others = [
      { ...lena, actor: 'james' },
      { ...lena, tenant: { slug: 'globex', name: 'Globex' } },
    ];
    for (const other of others) {
      const page = open(other);
      expect(shown('Name')).toBe('');
      page.unmount();
    }
    forgetInputOfOthers(lena);
    expect(sessionStorage.length).toBe(1);
    forgetInputOfOthers(others[0] ?? null);
    expect(sessionStorage.length).toBe(0);
  });

  it('keeps untouched fields, and reports a change of the same field by another person', async () => {
    const hand = userEvent.setup();
    const first = open(lena, '10');
    await hand.type(screen.getByLabelText('Name'), 'web');
    first.unmount();
    const second = open(lena, '77');
    expect(shown('Price')).toBe('77');
    expect(screen.getByRole('status').textContent).not.toContain('Another user');
    await hand.type(screen.getByLabelText('Price'), '8');
    second.unmount();
    open(lena, '99');
    expect(shown('Price')).toBe('778');
    expect(screen.getByRole('status').textContent).toContain('Another user');
  });
});
