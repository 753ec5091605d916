let count = 0;

/** Returns a VM name that is unique in this run. */
export function fresh(prefix: string): string {
  count += 1;
  return `${prefix}-${Date.now().toString(36).slice(-5)}${count}`.slice(0, 15);
}
