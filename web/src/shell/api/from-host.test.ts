import { describe, expect, it } from 'vitest';
import { fromHost, traceparent } from './from-host';

const page = (status: number) => new Response('<html>', { status, headers: { 'Content-Type': 'text/html' } });
const codeOf = (method: string, answer: Response) => {
  try {
    fromHost(method, answer);
    return 'let pass';
  } catch (problem) {
    return (problem as { code: string }).code;
  }
};

describe('an answer of a proxy', () => {
  it('asks for sign-in if it is a redirect or a page', () => {
    const elsewhere = { type: 'opaqueredirect', headers: new Headers(), status: 0 } as Response;
    expect(codeOf('POST', elsewhere)).toBe('intercepted');
    expect([200, 401, 403, 407, 511].map(status => codeOf('GET', page(status)))).toEqual(
      Array.from({ length: 5 }, () => 'intercepted'),
    );
    expect(codeOf('POST', page(401))).toBe('intercepted');
  });

  it('is a firewall’s if it forbids a request with a body', () => {
    expect(codeOf('POST', page(403))).toBe('blocked');
  });

  it('is handled elsewhere if it is an outage', () => {
    expect([500, 502, 503, 504].map(status => codeOf('GET', page(status)))).toEqual(
      Array.from({ length: 4 }, () => 'let pass'),
    );
    expect(codeOf('GET', Response.json({ code: 'forbidden' }, { status: 403 }))).toBe('let pass');
  });
});

describe('a traceparent', () => {
  it('begins a trace of its own, with ids that the host accepts', () => {
    const [one, other] = [traceparent(), traceparent()];
    expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(one).not.toBe(other);
  });
});
