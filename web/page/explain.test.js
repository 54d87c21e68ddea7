// Errors as the page displays them.
import {describe, expect, test} from 'vitest';

import {FetchEventError} from '../client/fetch-event-target.js';

import {explain, fieldViolations, shortReason} from './explain.js';

const rpc = (/** @type {number} */ code, message = '', /** @type {any[]=} */ details = []) => ({
  code,
  message,
  details,
});

/** @type {{why: string, error: FetchEventError, title: string, text: string, codes: string, short: string}[]} */
const cases = [
  {
    why: 'an invalid field, with HTTP and gRPC status',
    error: new FetchEventError('http', 'interval: too short', {status: 400, rpc: rpc(3, 'interval: too short')}),
    title: 'Invalid request',
    text: 'interval: too short',
    codes: 'HTTP 400 · gRPC 3 INVALID_ARGUMENT',
    short: 'HTTP 400',
  },
  {
    why: 'the service is unavailable before the first message',
    error: new FetchEventError('http', 'refused', {status: 503, rpc: rpc(14, 'refused')}),
    title: 'Service unavailable',
    text: 'refused',
    codes: 'HTTP 503 · gRPC 14 UNAVAILABLE',
    short: 'HTTP 503',
  },
  {
    why: 'the service becomes unavailable during the stream',
    error: new FetchEventError('rpc', 'gone', {status: 200, rpc: rpc(14, 'gone')}),
    title: 'Service unavailable',
    text: 'gone',
    codes: 'HTTP 200 · gRPC 14 UNAVAILABLE',
    short: 'UNAVAILABLE',
  },
  {
    why: 'an unknown gRPC code',
    error: new FetchEventError('rpc', 'odd', {status: 200, rpc: rpc(99, 'odd')}),
    title: 'Request failed',
    text: 'odd',
    codes: 'HTTP 200 · gRPC 99',
    short: 'gRPC 99',
  },
  {
    why: 'a 404 with a gRPC status',
    error: new FetchEventError('http', 'no route', {status: 404, rpc: rpc(5, 'no route')}),
    title: 'Not found',
    text: 'no route',
    codes: 'HTTP 404 · gRPC 5 NOT_FOUND',
    short: 'HTTP 404',
  },
  {
    why: 'a 404 without a gRPC status',
    error: new FetchEventError('http', 'HTTP 404', {status: 404}),
    title: 'Not found',
    text: 'No method is served at this address.',
    codes: 'HTTP 404',
    short: 'HTTP 404',
  },
  {
    why: 'a 502 without a gRPC status, from a proxy',
    error: new FetchEventError('http', 'HTTP 502', {status: 502}),
    title: 'Server error',
    text: '',
    codes: 'HTTP 502',
    short: 'HTTP 502',
  },
  {
    why: 'no server: the message of fetch() is replaced',
    error: new FetchEventError('network', 'Failed to fetch'),
    title: 'No response',
    text: 'Could not reach the gateway. Check that it is running.',
    codes: '',
    short: 'no response',
  },
  {
    why: 'a stream without a final record',
    error: new FetchEventError('truncated', 'network error', {status: 200}),
    title: 'Stream aborted',
    text: 'The response ended without a final record. Messages shown are complete. Check that the gateway is running.',
    codes: 'HTTP 200',
    short: 'stream aborted',
  },
];

describe('each error has a title, a text and its status codes', () => {
  test.each(cases)('$why', ({error, title, text, codes, short}) => {
    expect(explain(error)).toEqual({title, text, codes});
    expect(shortReason(error)).toBe(short);
  });

  test.each(['network', 'truncated', 'idle', 'content-type', 'parse', 'line-too-long'])(
    '%s has its own title and text',
    (code) => {
      const {title, text} = explain(new FetchEventError(/** @type {any} */ (code), 'x'));
      expect([title.length, text.length].every((length) => length > 5)).toBe(true);
    },
  );

  test.each(Array.from({length: 17}, (_, code) => code))('gRPC code %d has a name and a title', (code) => {
    const error = new FetchEventError('rpc', '', {status: 200, rpc: rpc(code)});
    expect(explain(error).codes).toMatch(/ · gRPC \d+ [A-Z_]+$/);
    expect(explain(error).title).not.toBe('Request failed');
  });
});

test('field violations are taken from google.rpc.BadRequest', () => {
  const details = [
    null,
    {'@type': 'type.googleapis.com/google.rpc.RetryInfo'},
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{field: 'interval', description: 'below 1 ms'}],
    },
    {'@type': 'type.googleapis.com/google.rpc.BadRequest'},
  ];
  const error = new FetchEventError('http', '', {status: 400, rpc: rpc(3, '', details)});
  expect(fieldViolations(error)).toEqual([{field: 'interval', description: 'below 1 ms'}]);
  expect(fieldViolations(new FetchEventError('network', ''))).toEqual([]);
});
