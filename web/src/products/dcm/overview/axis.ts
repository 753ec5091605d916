/** Width in px of a character of a label on the axis, on average with spaces and digits. */
const CHARACTER_WIDTH = 6;

/** Lines of a label: the last word, such as a unit or a year, has its own. */
export function axisLines(label: string): string[] {
  const last = label.lastIndexOf(' ');
  return last < 0 ? [label] : [label.slice(0, last), label.slice(last + 1)];
}

/** Width in px that the widest label needs. */
export const labelWidth = (labels: readonly string[]): number =>
  Math.max(0, ...labels.flatMap(axisLines).map(({ length }) => length)) * CHARACTER_WIDTH;

/** Distance in bars between two labels that do not overlap: 1, if each bar has room for its own. */
export const labelEvery = (labels: readonly string[], step: number): number =>
  Math.max(1, Math.ceil(labelWidth(labels) / step));

/**
 * Label of a month on the axis: three letters, so that all twelve have room on a phone, with the
 * year below the first one and each January. The first has none if a January follows it.
 */
export function monthOnAxis(locale: string, month: string, index: number): string {
  const at = new Date(`${month}-01T00:00:00Z`);
  const name = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' }).format(at).slice(0, 3);
  const hasYear = at.getUTCMonth() === 0 || (index === 0 && at.getUTCMonth() !== 11);
  return hasYear ? `${name} ${at.getUTCFullYear()}` : name;
}
