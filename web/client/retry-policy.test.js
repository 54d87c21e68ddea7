// Whether and when a request is sent again.
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {FetchEventError} from './fetch-event-error.js';
import {retryPolicy} from './retry-policy.js';

const http = (/** @type {number} */ status, /** @type {number | undefined} */ retryAfter = undefined) =>
  new FetchEventError('http', '', {status, retryAfter});
const rpc = (/** @type {number} */ code, /** @type {number | undefined} */ retryAfter = undefined) =>
  new FetchEventError('rpc', '', {status: 200, rpc: {code, message: ''}, retryAfter});
const other = (/** @type {any} */ code) => new FetchEventError(code, '', {status: 200});

/** @type {{why: string, error: FetchEventError, post: boolean, safe: boolean}[]} */
const errors = [
  {why: '503 with Retry-After: no upstream saw the call', error: http(503, 0), post: true, safe: true},
  {why: '429 with Retry-After', error: http(429, 1000), post: true, safe: true},
  {why: '503 alone may come from after the call', error: http(503), post: false, safe: true},
  {why: '502, from a proxy', error: http(502), post: false, safe: true},
  {why: 'Retry-After with another status says nothing about the call', error: http(500, 0), post: false, safe: true},
  {why: 'a request that is wrong stays wrong', error: http(400, 0), post: false, safe: false},
  {why: 'a lost connection: the call may have been made', error: other('network'), post: false, safe: true},
  {why: 'a cut', error: other('truncated'), post: false, safe: true},
  {why: 'silence', error: other('idle'), post: false, safe: true},
  {why: 'the service went away', error: rpc(14), post: false, safe: true},
  {why: 'the call is refused for good', error: rpc(3), post: false, safe: false},
  {why: 'unless the service asks for it by RetryInfo', error: rpc(8, 500), post: false, safe: true},
  {why: 'what answers is no stream', error: other('content-type'), post: false, safe: false},
  {why: 'a server that sends garbage does so again', error: other('parse'), post: false, safe: false},
];

describe('is it sent again?', () => {
  test.each(errors)('$why', ({error, post, safe}) => {
    expect(retryPolicy(undefined, 'POST').allows(error, 0, '')).toBe(post);
    // Three ways to say that twice does no harm.
    expect(retryPolicy(undefined, 'POST').allows(error, 0, '41')).toBe(safe);
    expect(retryPolicy({idempotent: true}, 'POST').allows(error, 0, '')).toBe(safe);
    expect(retryPolicy(undefined, 'get').allows(error, 0, '')).toBe(safe);
    // Two ways to say never.
    expect(retryPolicy(false, 'GET').allows(error, 0, '41')).toBe(false);
    expect(retryPolicy({limit: 3}, 'GET').allows(error, 3, '41')).toBe(false);
  });

  test("the statuses are the caller's to choose", () => {
    const policy = retryPolicy({idempotent: true, statuses: [409]}, 'POST');
    expect([409, 500].map((status) => policy.allows(http(status), 0, ''))).toEqual([true, false]);
  });
});

describe('after how long?', () => {
  const bounds = (/** @type {ReturnType<typeof retryPolicy>} */ policy, attempt = 0, retryAfter = 0) =>
    [1, 0].map((lot) => policy.delay(attempt, retryAfter, lot));

  test('full jitter: from nothing to a range that doubles, up to 30 s', () => {
    const policy = retryPolicy(undefined, 'POST');
    expect([0, 1, 2, 5, 6, 7, 2000].map((attempt) => bounds(policy, attempt))).toEqual(
      [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000].map((range) => [0, range]),
    );
  });

  test('Retry-After is the least, whatever the attempt; jitter comes on top', () => {
    expect(bounds(retryPolicy(undefined, 'POST'), 9, 60_000)).toEqual([60_000, 60_500]);
  });

  test('an option that is undefined is not given', () => {
    const undefineds = {minDelay: undefined, maxDelay: undefined, factor: undefined, jitter: undefined};
    expect(bounds(retryPolicy(undefineds, 'POST'), 3)).toEqual([0, 4000]);
  });

  test('never below what the server asks, never above it and the limit', () => {
    const positive = fc.double({min: 0, max: 1e6, noNaN: true});
    const options = fc.record({
      minDelay: fc.double({min: 1, max: 1e6, noNaN: true}),
      maxDelay: positive,
      factor: fc.double({min: 1, max: 10, noNaN: true}),
      jitter: fc.double({min: 0, max: 1, noNaN: true}),
    });
    const lot = fc.double({min: 0, max: 1, noNaN: true});
    fc.assert(
      fc.property(options, fc.nat(5000), positive, lot, (given, attempt, retryAfter, drawn) => {
        const delay = retryPolicy(given, 'POST').delay(attempt, retryAfter, drawn);
        expect(delay).toBeGreaterThanOrEqual(retryAfter);
        expect(delay).toBeLessThanOrEqual(retryAfter + given.maxDelay);
      }),
    );
  });
});
