/** What the settings of a connection look like. The host has the last word on all of it. */
export interface Setting {
  name: string;
  input: 'text' | 'number' | 'encryption' | 'login' | 'certificate';
  optional?: true;
  /** It does not say where the password goes or whose it is: the stored one may stay when this changes. */
  harmless?: true;
  /** What a new connection begins with. */
  initial?: string;
  /** It can be chosen from what the other system has. */
  choosable?: true;
  /** Only where the log-in is by token. */
  byToken?: true;
}

export const ENCRYPTIONS = ['starttls', 'tls', 'none'] as const;

/** Left out, the log-in is by password. */
export const LOGINS = ['', 'oauth2'] as const;

const KINDS = {
  vsphere: [
    { name: 'url', input: 'text' },
    { name: 'username', input: 'text' },
    { name: 'datacenter', input: 'text', harmless: true, choosable: true },
    { name: 'folder', input: 'text', harmless: true, choosable: true },
    { name: 'resource_pool', input: 'text', optional: true, harmless: true, choosable: true },
    { name: 'datastore', input: 'text', optional: true, harmless: true, choosable: true },
    { name: 'ca_certificate', input: 'certificate', optional: true },
  ],
  mail: [
    { name: 'host', input: 'text' },
    { name: 'port', input: 'number', initial: '587' },
    { name: 'tls', input: 'encryption', initial: 'starttls' },
    { name: 'auth', input: 'login' },
    { name: 'token_url', input: 'text', byToken: true },
    { name: 'client_id', input: 'text', byToken: true },
    { name: 'scope', input: 'text', optional: true, byToken: true },
    { name: 'username', input: 'text', optional: true },
    { name: 'from', input: 'text', harmless: true },
    { name: 'from_name', input: 'text', optional: true, harmless: true },
    { name: 'reply_to', input: 'text', optional: true, harmless: true },
    { name: 'ehlo_name', input: 'text', optional: true, harmless: true },
    { name: 'mails_per_minute', input: 'number', optional: true, harmless: true },
    { name: 'max_connections', input: 'number', optional: true, harmless: true },
    { name: 'ca_certificate', input: 'certificate', optional: true },
  ],
} as const satisfies Record<string, readonly Setting[]>;

export type Capability = keyof typeof KINDS;
export type SettingName = (typeof KINDS)[Capability][number]['name'];
export type KnownSetting = Setting & { name: SettingName };

export function isCapability(name: string): name is Capability {
  return Object.hasOwn(KINDS, name);
}

export function settingsOf(capability: Capability): readonly KnownSetting[] {
  return KINDS[capability];
}
