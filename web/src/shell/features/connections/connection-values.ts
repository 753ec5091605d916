import { asSeen } from '@/shell/app/form/as-seen';
import { Problem } from '@/shell/api/problem';
import type { Config, ConnectionBody } from './connections';
import type { ConnectionType, Setting } from './connection-types';

/** What the form holds. The password begins empty and never comes from the host. */
export interface ConnectionValues {
  config: Record<string, string>;
  secret: { password: string };
}

/** Paths as the host's pointers name them. */
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

/** What becomes of the password with these values. */
export type SecretState =
  /** Without a log-in there is none. */
  | 'none'
  /** There is none yet. */
  | 'new'
  /** Left empty, the stored one stays. */
  | 'kept'
  /** The stored one would go elsewhere or be somebody else's: the host wants to hear it again. */
  | 'again';

export function secretState(
  type: ConnectionType,
  values: ConnectionValues,
  stored: Config | null,
): SecretState {
  const account = type.fields.find(({ name }) => name === 'username');
  if (account?.optional && !typed(values, account.name)) return 'none';
  if (!stored) return 'new';
  const moves = type.fields.some(setting => !setting.harmless && !isAsStored(setting, values, stored));
  return moves ? 'again' : 'kept';
}

/** Is the log-in by a token, which a client’s secret buys? */
export function isByToken({ config }: ConnectionValues): boolean {
  return config['auth'] === 'oauth2';
}

/** A password that was not typed is not sent: the host keeps the stored one, or says that it needs it. */
export function toBody(
  type: ConnectionType,
  values: ConnectionValues,
  stored: Config | null,
): ConnectionBody {
  const config: Config = {};
  for (const setting of type.fields) {
    const { name } = setting;
    // As it is stored, to the letter: to the host a member that is null and one that is missing differ.
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

const typed = (values: ConnectionValues, name: string): string => asSeen(values.config[name] ?? '');

function isAsStored({ name }: Setting, values: ConnectionValues, stored: Config): boolean {
  return typed(values, name) === asSeen(written(stored[name]));
}

/** What is empty is left out: the host says that it is needed, or does without. */
function read({ input }: Setting, text: string): unknown {
  if (text === '') return undefined;
  return input === 'number' && /^\d{1,9}$/u.test(text) ? Number(text) : text;
}

/** The host speaks of the secret as a whole, or by the name that it has there; here it is one field. */
export function atPassword(cause: unknown): unknown {
  if (!(cause instanceof Problem)) return cause;
  const errors = cause.errors.map(error =>
    ['/secret', '/secret/client_secret'].includes(error.pointer)
      ? { ...error, pointer: '/secret/password' }
      : error,
  );
  const { status, code, title, detail, traceId, params } = cause;
  return new Problem({ status, code, title, detail, trace_id: traceId, params, errors });
}
