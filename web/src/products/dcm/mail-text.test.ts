import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mailText } from './mail-text';

it('names each mail of the package', () => {
  const mails = readdirSync(`${import.meta.dirname}/../../../../plugins/dcm/mails`);
  expect(Object.keys(mailText.en).sort()).toEqual(mails.sort());
});
