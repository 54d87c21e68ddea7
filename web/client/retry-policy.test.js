// Whether a request is retried, and after what delay.
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
  {why: '503 with Retry-After: the call reached no upstream', error: http(503, 0), post: true, safe: true},
  {why: '429 with Retry-After', error: http(429, 1000), post: true, safe: true},
  {why: '503 without Retry-After: the call may have been processed', error: http(503), post: false, safe: true},
  {why: '502, from a proxy', error: http(502), post: false, safe: true},
  {why: '500 with Retry-After: the call may have been processed', error: http(500, 0), post: false, safe: true},
  {why: '400: a retry would fail again', error: http(400, 0), post: false, safe: false},
  {why: 'a lost connection: the call may have been processed', error: other('network'), post: false, safe: true},
  {why: 'a stream without a final record', error: other('truncated'), post: false, safe: true},
  {why: 'an idle timeout', error: other('idle'), post: false, safe: true},
  {why: 'gRPC UNAVAILABLE', error: rpc(14), post: false, safe: true},
  {why: 'gRPC INVALID_ARGUMENT: a retry would fail again', error: rpc(3), post: false, safe: false},
  {why: 'a gRPC error with RetryInfo: the service requests a retry', error: rpc(8, 500), post: false, safe: true},
  {why: 'a response that is not a stream', error: other('content-type'), post: false, safe: false},
  {why: 'an invalid record', error: other('parse'), post: false, safe: false},
];

describe('whether to retry', () => {
  test.each(errors)('$why', ({error, post, safe}) => {
    expect(retryPolicy(undefined, 'POST').allows(error, 0, '')).toBe(post);
    // Three ways in which a repeated request is known to be safe.
    expect(retryPolicy(undefined, 'POST').allows(error, 0, '41')).toBe(safe);
    expect(retryPolicy({idempotent: true}, 'POST').allows(error, 0, '')).toBe(safe);
    expect(retryPolicy(undefined, 'get').allows(error, 0, '')).toBe(safe);
    // Two ways to disallow a retry.
    expect(retryPolicy(false, 'GET').allows(error, 0, '41')).toBe(false);
    expect(retryPolicy({limit: 3}, 'GET').allows(error, 3, '41')).toBe(false);
  });

  test('the statuses are configurable', () => {
    const policy = retryPolicy({idempotent: true, statuses: [409]}, 'POST');
    expect([409, 500].map((status) => policy.allows(http(status), 0, ''))).toEqual([true, false]);
  });
});

describe('the delay', () => {
  const bounds = (/** @type {ReturnType<typeof retryPolicy>} */ policy, attempt = 0, retryAfter = 0) =>
    [1, 0].map((random) => policy.delay(attempt, retryAfter, random));

  test('full jitter: between 0 and a range that doubles up to 30 s', () => {
    const policy = retryPolicy(undefined, 'POST');
    expect([0, 1, 2, 5, 6, 7, 2000].map((attempt) => bounds(policy, attempt))).toEqual(
      [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000].map((range) => [0, range]),
    );
  });

  test('Retry-After is the minimum, whatever the attempt; jitter is added', () => {
    expect(bounds(retryPolicy(undefined, 'POST'), 9, 60_000)).toEqual([60_000, 60_500]);
  });

  test('an undefined option means the default', () => {
    const undefineds = {minDelay: undefined, maxDelay: undefined, factor: undefined, jitter: undefined};
    expect(bounds(retryPolicy(undefineds, 'POST'), 3)).toEqual([0, 4000]);
  });

  test('is at least Retry-After and at most Retry-After plus maxDelay', () => {
    const positive = fc.double({min: 0, max: 1e6, noNaN: true});
    const options = fc.record({
      minDelay: fc.double({min: 1, max: 1e6, noNaN: true}),
      maxDelay: positive,
      factor: fc.double({min: 1, max: 10, noNaN: true}),
      jitter: fc.double({min: 0, max: 1, noNaN: true}),
    });
    const random = fc.double({min: 0, max: 1, noNaN: true});
    fc.assert(
      fc.property(options, fc.nat(5000), positive, random, (options, attempt, retryAfter, random) => {
        const delay = retryPolicy(options, 'POST').delay(attempt, retryAfter, random);
        expect(delay).toBeGreaterThanOrEqual(retryAfter);
        expect(delay).toBeLessThanOrEqual(retryAfter + options.maxDelay);
      }),
    );
  });
});
