let count = 0;

/** A VM name that no other journey of this run has. */
export function fresh(prefix: string): string {
  count += 1;
  return `${prefix}-${Date.now().toString(36).slice(-5)}${count}`.slice(0, 15);
}
