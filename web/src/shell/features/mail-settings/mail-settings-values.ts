import type { MailPreferences, MailPreferencesBody } from './mail-settings';

/** Values of the form. */
export interface MailSettingsValues {
  delivery: MailPreferences['delivery'];
  hour: string;
  time_zone: string;
  /** Whether the person gets mails of each kind, in the order of the kinds. */
  wanted: boolean[];
}

/** Stored preferences; the zone of a person who has set none is that of the browser. */
export function toValues(stored: MailPreferences, zone: string): MailSettingsValues {
  return {
    delivery: stored.delivery,
    hour: String(stored.hour),
    time_zone: stored.tag === null ? zone : stored.time_zone,
    wanted: stored.kinds.map(({ id }) => !stored.off.includes(id)),
  };
}

export function toBody(values: MailSettingsValues, kinds: MailPreferences['kinds']): MailPreferencesBody {
  return {
    delivery: values.delivery,
    hour: Number(values.hour),
    time_zone: values.time_zone,
    off: kinds.filter((_, index) => values.wanted[index] === false).map(({ id }) => id),
  };
}

/** Zones to choose from: that of the browser, and the stored one where it is another. */
export function zonesOf(stored: MailPreferences, zone: string): string[] {
  return stored.tag === null || stored.time_zone === zone ? [zone] : [stored.time_zone, zone];
}
