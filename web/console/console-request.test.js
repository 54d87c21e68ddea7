// Requests of the console: skeletons, HTTP requests according to a route's rule, curl commands.
import {expect, test} from 'vitest';

import {curlCommand, httpRequest, skeleton} from './console-request.js';

/** @type {import('./console-request.js').MethodList} */
const list = {
  methods: [],
  messages: {
    'p.In': [
      {name: 'text', type: 'string'},
      {name: 'small', type: 'int32'},
      {name: 'big', type: 'uint64'},
      {name: 'kind', type: 'enum', of: 'p.Kind'},
      {name: 'tags', type: 'string', list: true},
      {name: 'byName', type: 'bool', key: 'string'},
      {name: 'byNumber', type: 'message', of: 'p.Leaf', key: 'int32'},
      {name: 'at', type: 'message', of: 'google.protobuf.Timestamp'},
      {name: 'wait', type: 'message', of: 'google.protobuf.Duration'},
      {name: 'maybe', type: 'message', of: 'google.protobuf.Int32Value'},
      {name: 'a', type: 'string', oneof: 'choice'},
      {name: 'b', type: 'string', oneof: 'choice'},
    ],
    'p.Leaf': [{name: 'x', type: 'double'}],
    'p.Loop': [
      {name: 'self', type: 'message', of: 'p.Loop'},
      {name: 'n', type: 'int32'},
    ],
  },
  enums: {'p.Kind': ['NONE', 'SOME']},
};

test("a skeleton has every field once, in protobuf's JSON mapping", () => {
  expect(skeleton(list, 'p.In')).toEqual({
    text: '',
    small: 0,
    big: '0',
    kind: 'NONE',
    tags: [''],
    byName: {key: false},
    byNumber: {0: {x: 0}},
    at: '2026-01-01T00:00:00Z',
    wait: '1s',
    maybe: 0,
    a: '',
  });
});

test('the skeleton of a recursive message is finite', () => {
  expect(skeleton(list, 'p.Loop')).toEqual({self: {self: {self: {n: 0}, n: 0}, n: 0}, n: 0});
});

test('the skeleton of an unknown message is empty', () => expect(skeleton(list, 'p.Unknown')).toEqual({}));

const route = (/** @type {string} */ verb, /** @type {string} */ path, body = '') => ({
  verb,
  path,
  body,
  responseBody: '',
});

test.each([
  [
    'the whole message is the body',
    route('POST', '/v1/a', '*'),
    {a: 1},
    {method: 'POST', path: '/v1/a', body: '{"a":1}'},
  ],
  [
    'path variables are removed from the body',
    route('PUT', '/v1/{user_id}/{deep.name}', '*'),
    {userId: 'a b', deep: {name: 'x/y', other: 1}},
    {method: 'PUT', path: '/v1/a%20b/x%2Fy', body: '{"deep":{"other":1}}'},
  ],
  [
    'a path variable of several segments keeps its slashes',
    route('GET', '/v1/{name=shelves/*/books/**}:read'),
    {name: 'shelves/1/books/ä/2'},
    {method: 'GET', path: '/v1/shelves/1/books/%C3%A4/2:read', body: undefined},
  ],
  [
    'without a body, the other fields are query parameters',
    route('GET', '/v1/a'),
    {a: 'x y', list: [1, 2], deep: {b: true}, none: null},
    {method: 'GET', path: '/v1/a?a=x+y&list=1&list=2&deep.b=true', body: undefined},
  ],
  [
    'a body of one field: the other fields are query parameters',
    route('PATCH', '/v1/{id}', 'book'),
    {id: 7, book: {title: 't'}, mask: 'a'},
    {method: 'PATCH', path: '/v1/7?mask=a', body: '{"title":"t"}'},
  ],
  ['a route for any method is a POST', route('*', '/v1/a', '*'), {}, {method: 'POST', path: '/v1/a', body: '{}'}],
])('%s', (_, route, json, request) => {
  const before = structuredClone(json);
  expect(httpRequest(route, json)).toEqual(request);
  expect(json).toEqual(before);
});

test('the curl command sends the same request', () => {
  const page = 'http://localhost:8080/console.html';
  expect(curlCommand({method: 'POST', path: '/v1/a', body: `{"a":"it's"}`}, page)).toBe(
    `curl -N \\\n  --json '{"a":"it'\\''s"}' \\\n  http://localhost:8080/v1/a`,
  );
  expect(curlCommand({method: 'DELETE', path: '/v1/a?b=1', body: undefined}, page)).toBe(
    `curl -N \\\n  -X DELETE \\\n  'http://localhost:8080/v1/a?b=1'`,
  );
});
