/**
 * Time in milliseconds without input after which requests no longer extend the session, since pages
 * also refresh themselves.
 */
const QUIET_AFTER = 60_000;

let lastInput = Date.now();

const noted = () => {
  lastInput = Date.now();
};
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove']) {
  window.addEventListener(event, noted, { passive: true, capture: true });
}

export function isBackground(now = Date.now()): boolean {
  return now - lastInput >= QUIET_AFTER;
}
