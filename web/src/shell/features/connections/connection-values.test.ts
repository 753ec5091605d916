import { describe, expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { MAIL, VSPHERE } from './connection-testing';
import { atPassword, fieldsOf, secretState, toBody, toValues } from './connection-values';

const STORED_VCENTER = {
  url: 'https://vcenter.example/sdk',
  datacenter: 'DC1',
  folder: 'EAF',
  username: 'eaf@vsphere.local',
  datastore: null,
};
const STORED_MAIL = {
  host: 'mail.example',
  port: 587,
  tls: 'starttls',
  username: 'eaf',
  from: 'cloud@example.com',
};

function vcenter(change: Record<string, string> = {}, password = '') {
  const values = toValues(VSPHERE, STORED_VCENTER);
  return { config: { ...values.config, ...change }, secret: { password } };
}

function mail(change: Record<string, string> = {}, password = '') {
  const values = toValues(MAIL, STORED_MAIL);
  return { config: { ...values.config, ...change }, secret: { password } };
}

describe('the password of a connection', () => {
  it('is never in the form, whatever the host shows', () => {
    const values = toValues(VSPHERE, {
      ...STORED_VCENTER,
      password: 'canary',
      secret: { password: 'canary' },
    });
    expect(JSON.stringify(values)).not.toContain('canary');
    expect(values.secret.password).toBe('');
  });

  it('stays when it was not typed', () => {
    expect(toBody(VSPHERE, vcenter({ folder: 'Other' }), STORED_VCENTER)).not.toHaveProperty('secret');
    expect(toBody(MAIL, mail({ from_name: 'Cloud' }), STORED_MAIL)).not.toHaveProperty('secret');
  });

  it('is sent exactly as typed', () => {
    expect(toBody(VSPHERE, vcenter({}, ' p ss '), STORED_VCENTER).secret).toEqual({ password: ' p ss ' });
  });

  it('is needed for a new connection, and the host says so', () => {
    const values = toValues(VSPHERE, null);
    expect(secretState(VSPHERE, values, null)).toBe('new');
    expect(toBody(VSPHERE, values, null)).not.toHaveProperty('secret');
  });

  it.each([['url'], ['username'], ['ca_certificate']])('is required again with another %s', name => {
    expect(secretState(VSPHERE, vcenter({ [name]: 'other' }), STORED_VCENTER)).toBe('again');
  });

  it.each([['datacenter'], ['folder'], ['resource_pool'], ['datastore']])('is kept with another %s', name => {
    expect(secretState(VSPHERE, vcenter({ [name]: 'other' }), STORED_VCENTER)).toBe('kept');
  });

  it('stays with values that only look changed', () => {
    const values = vcenter({ url: ` ${STORED_VCENTER.url} `, ca_certificate: ' ' });
    expect(secretState(VSPHERE, values, STORED_VCENTER)).toBe('kept');
    expect(toBody(VSPHERE, values, STORED_VCENTER).config).toEqual(STORED_VCENTER);
  });

  it('is removed without a log-in', () => {
    expect(secretState(MAIL, mail({ username: ' ' }), STORED_MAIL)).toBe('none');
    expect(toBody(MAIL, mail({ username: '' }), STORED_MAIL).secret).toEqual({});
    expect(toBody(MAIL, toValues(MAIL, null), null).secret).toEqual({});
  });

  it('shows the host’s sentences about the secret at its field', () => {
    const errors = [{ pointer: '/secret', code: 'secret-again', message: 'again' }];
    const moved = atPassword(new Problem({ status: 422, code: 'body-invalid', title: 't', errors }));
    expect(moved).toMatchObject({ status: 422, title: 't', errors: [{ pointer: '/secret/password' }] });
    expect(fieldsOf(VSPHERE)).toContain('secret.password');
    const bug = new Error('bug');
    expect(atPassword(bug)).toBe(bug);
  });
});

describe('the settings of a connection', () => {
  it('are sent as they are stored when nothing is changed', () => {
    expect(toBody(VSPHERE, vcenter(), STORED_VCENTER)).toEqual({ config: STORED_VCENTER });
    expect(toBody(MAIL, mail(), STORED_MAIL)).toEqual({ config: STORED_MAIL });
  });

  it('are omitted when they are empty', () => {
    const { config } = toBody(MAIL, toValues(MAIL, null), null);
    expect(config).toEqual({ port: 587, tls: 'starttls' });
    expect(toBody(MAIL, mail({ username: '' }), STORED_MAIL).config).not.toHaveProperty('username');
  });

  it('have a port that is a number, if it is one', () => {
    expect(toBody(MAIL, mail({ port: '25' }), STORED_MAIL).config['port']).toBe(25);
    expect(toBody(MAIL, mail({ port: 'smtp' }), STORED_MAIL).config['port']).toBe('smtp');
  });
});

describe('a log-in by token', () => {
  const byToken = {
    auth: 'oauth2',
    token_url: 'https://login.example/token',
    client_id: 'c',
    username: 'eaf@acme.example',
  };

  it('sends the client’s secret under its own name', () => {
    const body = toBody(MAIL, mail(byToken, 'secret'), STORED_MAIL);
    expect(body.secret).toEqual({ client_secret: 'secret' });
    expect(body.config).toMatchObject(byToken);
  });

  it('is removed completely when it is changed to a password', () => {
    const stored = { ...STORED_MAIL, ...byToken };
    const values = toValues(MAIL, stored);
    const body = toBody(MAIL, { config: { ...values.config, auth: '' }, secret: { password: 'p' } }, stored);
    expect(body).toEqual({
      config: { ...STORED_MAIL, username: byToken.username },
      secret: { password: 'p' },
    });
  });

  it('shows the host’s sentence about its secret at the one field', () => {
    const errors = [{ pointer: '/secret/client_secret', code: 'required', message: 'needed' }];
    const moved = atPassword(new Problem({ status: 422, code: 'body-invalid', title: 't', errors }));
    expect(moved).toMatchObject({ errors: [{ pointer: '/secret/password' }] });
  });
});
