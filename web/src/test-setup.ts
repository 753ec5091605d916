import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// Loaded machines need more time.
configure({ asyncUtilTimeout: 5_000 });

// happy-dom lacks these two attributes of HTML. Without them, react-hook-form takes a fresh select
// for one that the person changed, and does not write the form's value to it.
Object.defineProperty(HTMLSelectElement.prototype, 'size', { get: numberOfSize, configurable: true });
Object.defineProperty(HTMLOptionElement.prototype, 'defaultSelected', {
  get: hasSelected,
  configurable: true,
});

function numberOfSize(this: HTMLSelectElement): number {
  return Number(this.getAttribute('size') ?? 0);
}

function hasSelected(this: HTMLOptionElement): boolean {
  return this.hasAttribute('selected');
}

afterEach(cleanup);
