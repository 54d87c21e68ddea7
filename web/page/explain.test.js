// Errors as the page tells them.
import {describe, expect, test} from 'vitest';

import {FetchEventError} from '../client/fetch-event-target.js';

import {ending, explain, fieldViolations} from './explain.js';

const rpc = (/** @type {number} */ code, message = '', /** @type {any[]=} */ details = []) => ({
  code,
  message,
  details,
});

/** @type {{why: string, error: FetchEventError, title: string, text: string, codes: string, end: string}[]} */
const told = [
  {
    why: 'a refused field, with both numbers',
    error: new FetchEventError('http', 'interval: too short', {status: 400, rpc: rpc(3, 'interval: too short')}),
    title: 'The request is not valid',
    text: 'interval: too short',
    codes: 'HTTP 400 · gRPC 3 INVALID_ARGUMENT',
    end: 'HTTP 400',
  },
  {
    why: 'the service down at the start',
    error: new FetchEventError('http', 'refused', {status: 503, rpc: rpc(14, 'refused')}),
    title: 'The service is not available',
    text: 'refused',
    codes: 'HTTP 503 · gRPC 14 UNAVAILABLE',
    end: 'HTTP 503',
  },
  {
    why: 'the service gone in mid-stream',
    error: new FetchEventError('rpc', 'gone', {status: 200, rpc: rpc(14, 'gone')}),
    title: 'The service is not available',
    text: 'gone',
    codes: 'HTTP 200 · gRPC 14 UNAVAILABLE',
    end: 'UNAVAILABLE',
  },
  {
    why: 'a code that gRPC does not have',
    error: new FetchEventError('rpc', 'odd', {status: 200, rpc: rpc(99, 'odd')}),
    title: 'The request was refused',
    text: 'odd',
    codes: 'HTTP 200 · gRPC 99',
    end: 'gRPC 99',
  },
  {
    why: 'a gateway without the tick service',
    error: new FetchEventError('http', 'no route', {status: 404, rpc: rpc(5, 'no route')}),
    title: 'Nothing is served there',
    text: 'This gateway has no tick service.',
    codes: 'HTTP 404 · gRPC 5 NOT_FOUND',
    end: 'HTTP 404',
  },
  {
    why: 'a proxy that says no more than its status',
    error: new FetchEventError('http', 'HTTP 502', {status: 502}),
    title: 'The gateway failed',
    text: '',
    codes: 'HTTP 502',
    end: 'HTTP 502',
  },
  {
    why: "no server: the browser's own words say little",
    error: new FetchEventError('network', 'Failed to fetch'),
    title: 'No answer',
    text: 'The gateway could not be reached. Is it still running?',
    codes: '',
    end: 'no answer',
  },
  {
    why: 'a cut',
    error: new FetchEventError('truncated', 'network error', {status: 200}),
    title: 'The stream was cut',
    text: 'It stopped without an ending: the gateway or the network went away. What is shown is whole.',
    codes: 'HTTP 200',
    end: 'the stream was cut',
  },
];

describe('each is told in words, with its numbers beside them', () => {
  test.each(told)('$why', ({error, title, text, codes, end}) => {
    expect(explain(error)).toEqual({title, text, codes});
    expect(ending(error)).toBe(end);
  });

  test.each(['network', 'truncated', 'idle', 'content-type', 'parse', 'line-too-long'])(
    '%s has words of its own',
    (code) => {
      const {title, text} = explain(new FetchEventError(/** @type {any} */ (code), 'x'));
      expect([title.length, text.length].every((length) => length > 5)).toBe(true);
    },
  );

  test.each(Array.from({length: 17}, (_, code) => code))('gRPC code %d has a name and a meaning', (code) => {
    const error = new FetchEventError('rpc', '', {status: 200, rpc: rpc(code)});
    expect(explain(error).codes).toMatch(/ · gRPC \d+ [A-Z_]+$/);
    expect(explain(error).title).not.toBe('The request was refused');
  });
});

test('the fields that a BadRequest names', () => {
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
