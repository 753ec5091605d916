import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mailText } from './mail-text';

it('names each mail of the package', () => {
  // Each mail is a folder; a file beside them declares their kinds.
  const entries = readdirSync(`${import.meta.dirname}/../../../../plugins/dcm/mails`, {
    withFileTypes: true,
  });
  const mails = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  expect(Object.keys(mailText.en).sort()).toEqual(mails.sort());
});
