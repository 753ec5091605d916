import type { Page } from '@playwright/test';

/**
 * Lists text that cannot be read in full: cut off by its box, outside of its cell, or in a field
 * that is too narrow.
 *
 * A cut text may have its full value as title; an address or amount must not be cut, because a part
 * of it reads as another value. A number of an address must not break across lines.
 */
export async function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const LOSSLESS = /\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}:[0-9a-f:.]+|€/iu;
    const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}:)$/iu;
    const found = new Set<string>();
    // oxlint-disable-next-line unicorn/consistent-function-scoping -- it runs in the page
    const hidden = (element: Element) =>
      element.closest('.sr-only, [aria-hidden=true], [hidden]') !== null || !element.checkVisibility();
    const titled = (element: Element, text: string) => {
      const title = element.closest('[title]')?.getAttribute('title') ?? '';
      return !LOSSLESS.test(text) && title.includes(text.trim());
    };
    const known = new Map<Element, { kind: 'scrolls' | 'cuts' | 'holds' | 'open'; edge: DOMRect }>();
    const boundsOf = (element: Element) => {
      const before = known.get(element);
      if (before) return before;
      const { overflowX, display } = getComputedStyle(element);
      const cuts = overflowX === 'hidden' || overflowX === 'clip';
      const holds =
        display !== 'inline' && element.matches('td, th, dd, dt, button, [data-badge], li, h1, h2, h3');
      const scrolls = overflowX === 'auto' || overflowX === 'scroll';
      const kind = scrolls ? 'scrolls' : cuts && display !== 'inline' ? 'cuts' : holds ? 'holds' : 'open';
      const bounds = { kind, edge: element.getBoundingClientRect() } as const;
      known.set(element, bounds);
      return bounds;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const parent = node.parentElement;
      const text = node.textContent ?? '';
      if (!parent || text.trim() === '' || hidden(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (ADDRESS.test(text) && lines.size > 1) found.add(`broken: “${text}”`);
      for (let around: Element | null = parent; around; around = around.parentElement) {
        const { kind, edge } = boundsOf(around);
        if (kind === 'scrolls') break;
        if (kind === 'open') continue;
        const beside = box.right > edge.right + 1 || box.left < edge.left - 1;
        const below = box.bottom > edge.bottom + 2 || box.top < edge.top - 2;
        const out = beside || (kind === 'cuts' && below);
        if (out && !titled(around, text) && !titled(parent, text))
          found.add(`${around.tagName.toLowerCase()}: “${text.trim().slice(0, 60)}”`);
      }
    }
    const paper = document.createElement('canvas').getContext('2d');
    for (const field of document.querySelectorAll<HTMLInputElement>('input, select')) {
      if (hidden(field) || !paper || field.type === 'checkbox' || field.type === 'radio') continue;
      const style = getComputedStyle(field);
      paper.font = style.font;
      const numeric = field.type === 'number' || ['numeric', 'decimal'].includes(field.inputMode);
      // Text scrolls within its field; a number that is cut reads as another number.
      const needed = numeric ? paper.measureText(field.value || '0').width : 48;
      const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      if (room < needed) found.add(`${field.name || field.id}: ${Math.round(room)} px for “${field.value}”`);
    }
    return [...found];
  });
}
