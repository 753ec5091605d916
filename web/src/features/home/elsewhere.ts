import type { LinkProps } from '@tanstack/react-router';

/** A link to an area that has its own room; its address is known, its route's type is not needed here. */
export function elsewhere(to: string): LinkProps {
  return { to } as LinkProps;
}
