import { normalizeInput } from '@/shell/app/form/normalize-input';
import { Problem } from '@/shell/api/problem';
import type { Config, ConnectionBody } from './connections';
import type { ConnectionType, Setting } from './connection-types';

/** Values of the form. The password starts empty and is never sent by the host. */
export interface ConnectionValues {
  config: Record<string, string>;
  secret: { password: string };
}

/** Paths of the fields, as in the host's pointers. */
export function fieldsOf(type: ConnectionType): string[] {
  return [...type.fields.map(({ name }) => `config.${name}`), 'secret.password'];
}

export function toValues(type: ConnectionType, stored: Config | null): ConnectionValues {
  const config: Record<string, string> = {};
  for (const { name, initial } of type.fields) {
    config[name] = stored ? written(stored[name]) : (initial ?? '');
  }
  return { config, secret: { password: '' } };
}

const written = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Effect of the values on the password. */
export type SecretState =
  /** The connection has no log-in. */
  | 'none'
  /** No password is stored. */
  | 'new'
  /** The stored password stays if the field is empty. */
  | 'kept'
  /** The address or user changed, so the host requires the password again. */
  | 'again';

export function secretState(
  type: ConnectionType,
  values: ConnectionValues,
  stored: Config | null,
): SecretState {
  const account = type.fields.find(({ name }) => name === 'username');
  if (account?.optional && !typed(values, account.name)) return 'none';
  if (!stored) return 'new';
  const moves = type.fields.some(setting => !setting.non_routing && !isAsStored(setting, values, stored));
  return moves ? 'again' : 'kept';
}

/** Whether the log-in uses a token, which is requested with a client secret. */
export function isByToken({ config }: ConnectionValues): boolean {
  return config['auth'] === 'oauth2';
}

/** Body without a password that was not typed: the host keeps the stored one, or requires it. */
export function toBody(
  type: ConnectionType,
  values: ConnectionValues,
  stored: Config | null,
): ConnectionBody {
  const config: Config = {};
  for (const setting of type.fields) {
    const { name } = setting;
    // Exactly as stored, since a null member differs from a missing one for the host.
    const isHidden = setting.by_token && !isByToken(values);
    if (stored && !isHidden && isAsStored(setting, values, stored)) {
      if (name in stored) config[name] = stored[name];
    } else {
      const value = isHidden ? undefined : read(setting, typed(values, name));
      if (value !== undefined) config[name] = value;
    }
  }
  const { password } = values.secret;
  if (password !== '')
    return { config, secret: { [isByToken(values) ? 'client_secret' : 'password']: password } };
  return secretState(type, values, stored) === 'none' ? { config, secret: {} } : { config };
}

const typed = (values: ConnectionValues, name: string): string => normalizeInput(values.config[name] ?? '');

function isAsStored({ name }: Setting, values: ConnectionValues, stored: Config): boolean {
  return typed(values, name) === normalizeInput(written(stored[name]));
}

/** Empty values are omitted: the host requires them or uses a default. */
function read({ input }: Setting, text: string): unknown {
  if (text === '') return undefined;
  return input === 'number' && /^\d{1,9}$/u.test(text) ? Number(text) : text;
}

/** Maps errors about the secret, or about its member, to the form's single field. */
export function atPassword(cause: unknown): unknown {
  if (!(cause instanceof Problem)) return cause;
  return cause.moved(pointer =>
    ['/secret', '/secret/client_secret'].includes(pointer) ? '/secret/password' : pointer,
  );
}
