import type { ConnectionType, Setting } from './connection-types';

const field = (name: string, label: string, more: Partial<Setting> = {}): Setting => ({
  name,
  label,
  hint: null,
  input: 'text',
  options: [],
  optional: false,
  non_routing: false,
  initial: null,
  choosable: false,
  by_token: false,
  ...more,
});

const chosen = { non_routing: true, choosable: true };

/** Connection types as the host describes them, for tests. */
export const VSPHERE: ConnectionType = {
  capability: 'vsphere',
  name: 'vCenter',
  lead: 'Where machines are built.',
  removal: 'Settings and password are deleted.',
  trial: null,
  fields: [
    field('url', 'Address of vCenter'),
    field('username', 'User name'),
    field('datacenter', 'Data centre', chosen),
    field('folder', 'Folder', chosen),
    field('resource_pool', 'Resource pool', { ...chosen, optional: true }),
    field('datastore', 'Datastore', { ...chosen, optional: true }),
    field('ca_certificate', 'Certificate authority', { input: 'certificate', optional: true }),
  ],
  findings: [{ name: 'vcenter', label: 'Kind of server' }],
};

export const MAIL: ConnectionType = {
  capability: 'mail',
  name: 'Mail server',
  lead: 'Through which people are told.',
  removal: 'Settings and password are deleted.',
  trial: 'Send me a test mail',
  fields: [
    field('host', 'Host name'),
    field('port', 'Port', { input: 'number', initial: '587' }),
    field('tls', 'Encryption', {
      input: 'choice',
      initial: 'starttls',
      options: [
        { value: 'starttls', label: 'STARTTLS' },
        { value: 'none', label: 'None' },
      ],
    }),
    field('auth', 'Log-in', { input: 'choice', options: [{ value: 'oauth2', label: 'By token' }] }),
    field('token_url', 'Token address', { by_token: true }),
    field('client_id', 'Client id', { by_token: true }),
    field('username', 'User name', { optional: true }),
    field('from', 'Sender’s address', { non_routing: true }),
    field('from_name', 'Sender’s name', { non_routing: true, optional: true }),
  ],
  findings: [],
};
