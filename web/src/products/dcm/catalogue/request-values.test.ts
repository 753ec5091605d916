import { describe, expect, it } from 'vitest';
import { pastedNames, withPasted } from './request-values';

describe('pasted names', () => {
  it('are the lines of a text or the cells of a table, without empty ones', () => {
    expect(pastedNames('web-01\r\nweb-02\n\n  web-03 \n')).toEqual(['web-01', 'web-02', 'web-03']);
    expect(pastedNames('web-01\tweb-02; web-03,web-04')).toEqual(['web-01', 'web-02', 'web-03', 'web-04']);
    expect(pastedNames('web-01')).toEqual(['web-01']);
    expect(pastedNames(' \n ')).toEqual([]);
  });

  it('fill an empty field and follow a filled one', () => {
    expect(withPasted(['', 'db'], 0, ['a', 'b'])).toEqual(['a', 'b', 'db']);
    expect(withPasted(['web', 'db'], 0, ['a', 'b'])).toEqual(['web', 'a', 'b', 'db']);
    expect(withPasted(['web', ''], 1, ['a', 'b'])).toEqual(['web', 'a', 'b']);
  });
});
