// The client, with a server that injects faults. Vitest fails the run at any unhandled rejection.
import {getEventListeners} from 'node:events';
import {constants, createGzip, gzipSync} from 'node:zlib';

import {afterEach, describe, expect, test, vi} from 'vitest';

import {FetchEventError, FetchEventTarget} from '../../web/client/fetch-event-target.js';

import {HEAD, LAST, chunk, faultServer, reply} from './fault_server.js';

/** @typedef {import('./fault_server.js').Handler} Handler */

const A = '{"type":"a","data":1}\n';
const B = '{"type":"b","data":{"n":2}}\n';
const END = '{"end":{"code":0}}\n';

/** @type {(() => unknown)[]} */
const cleanups = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  while (cleanups.length) await cleanups.pop()?.();
});

/** @param {Handler[]} handlers */
const serve = async (...handlers) => {
  const server = await faultServer(...handlers);
  cleanups.push(() => server.close());
  return server;
};

/** @param {string} text @returns {Handler} */
const send =
  (text) =>
  ({socket}) =>
    socket.write(text);

/** A complete response of these records. @param {string[]} records */
const stream = (...records) => send(HEAD + records.map(chunk).join('') + LAST);

/** Records all events as short strings, in order. @param {FetchEventTarget} target */
const log = (target, types = ['a', 'b', 'end']) => {
  /** @type {string[]} */
  const events = [];
  for (const type of ['open', 'start', 'message', 'abort', ...types]) {
    target.addEventListener(type, (/** @type {any} */ event) => {
      events.push('data' in event ? `${type} ${JSON.stringify(event.data)}` : type);
    });
  }
  target.addEventListener('error', (event) => {
    // The event of a record of type `error` would lack these fields.
    events.push(`error ${event.error.code}${event.willRetry ? ' retries' : ''}`);
  });
  target.addEventListener('retry', ({attempt}) => events.push(`retry ${attempt}`));
  target.addEventListener('close', ({reason, wasClean}) => events.push(`close ${reason}${wasClean ? ' clean' : ''}`));
  return events;
};

const OPEN = ['open', 'start'];
const GOT_A = ['message 1', 'a 1'];
const GOT_B = ['message {"n":2}', 'b {"n":2}'];

/**
 * Runs one stream until it is closed.
 * @param {Handler} handler
 * @param {ConstructorParameters<typeof FetchEventTarget>[1]} [init]
 */
const run = async (handler, init) => {
  const server = await serve(handler);
  const target = new FetchEventTarget(server.url, init);
  const events = log(target);
  const info = await target.closed;
  return {events, info, target, server};
};

describe('a completed stream', () => {
  test('is opened, dispatched and closed, with listeners added after the constructor', async () => {
    const {events, info, target} = await run(stream(A, B, END));
    expect(events).toEqual([...OPEN, ...GOT_A, ...GOT_B, 'close end clean']);
    expect(info).toEqual({reason: 'end', wasClean: true, status: 200});
    expect(target.readyState).toBe(FetchEventTarget.CLOSED);
  });

  test('needs no newline after its last line', async () => {
    const {events} = await run(stream(A, END.trim()));
    expect(events).toEqual([...OPEN, ...GOT_A, 'close end clean']);
  });

  test('can arrive one byte at a time', async () => {
    const bytes = Buffer.from(
      HEAD +
        [...Buffer.from(`{"type":"a","data":"🌊"}\r\n  \n${END}`)]
          .map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`)
          .join('') +
        LAST,
      'latin1',
    );
    const {events} = await run(async ({socket}) => {
      for (const byte of bytes) {
        socket.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(events).toEqual([...OPEN, 'message "🌊"', 'a "🌊"', 'close end clean']);
  });

  test('may contain blank lines and heartbeats between records', async () => {
    const {events} = await run(stream(' ', ' ', `${A}\n\r\n`, ' ', ` ${END}`));
    expect(events).toEqual([...OPEN, ...GOT_A, 'close end clean']);
  });

  test('leaves its connection open for the next request', async () => {
    const used = new Set();
    /** @type {Handler} */
    const handler = ({socket}) => used.add(socket) && socket.write(HEAD + chunk(END) + LAST);
    const server = await serve(...Array(50).fill(handler));
    await vi.waitFor(async () => {
      expect((await new FetchEventTarget(server.url).closed).wasClean).toBe(true);
      expect(used.size).toBeLessThan(server.requests.length);
    });
  });

  test('ignores data after the final record', async () => {
    const {events, server} = await run(send(HEAD + chunk(END + A) + chunk(A)));
    expect(events).toEqual([...OPEN, 'close end clean']);
    // The body does not end: the client closes the connection.
    await vi.waitFor(() => expect(server.sockets.size).toBe(0), 3000);
  });

  test('204 completes the stream', async () => {
    const {events, info} = await run(send('HTTP/1.1 204 No Content\r\n\r\n'), {retry: {idempotent: true}});
    expect(events).toEqual(['close no-content clean']);
    expect(info.status).toBe(204);
  });

  test('grpc-gateway records are dispatched as message, and the end of the body completes the stream', async () => {
    const handler = () => stream('{"result":{"n":1}}\n', '{"result":null}');
    expect((await run(handler())).events).toEqual([...OPEN, 'message {"n":1}', 'message null', 'close end clean']);
    expect((await run(handler(), {requireEnd: true})).info.reason).toBe('truncated');
  });

  test('events have the type and data of the record; a record cannot forge an event of the client', async () => {
    const names = ['open', 'start', 'message', 'retry', 'error', 'close', 'abort', 'end'];
    const {events} = await run(stream(...names.map((type) => `{"type":"${type}","data":"${type}"}\n`), END));
    expect(events).toEqual([...OPEN, ...names.map((name) => `message "${name}"`), 'close end clean']);

    const server = await serve(stream('{"type":"close","data":0,"id":7}\n', END));
    const target = new FetchEventTarget(server.url);
    /** @type {any[]} */
    const seen = [];
    target.addEventListener('message', (event) =>
      seen.push(event.record, event.lastEventId, event instanceof MessageEvent),
    );
    await target.closed;
    expect(seen).toEqual([{type: 'close', data: 0, id: '7'}, '7', true]);
  });
});

describe('a body compressed by a proxy', () => {
  const GZIP = HEAD.replace('\r\n\r\n', '\r\nContent-Encoding: gzip\r\n\r\n');
  /** Encodes a chunk as bytes. @param {Buffer} bytes */
  const chunkOf = (bytes) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

  test('with a flush after each record is dispatched record by record', async () => {
    const gzip = createGzip();
    const server = await serve(({socket}) => {
      socket.write(GZIP);
      gzip.on('data', (bytes) => socket.write(chunkOf(bytes))).on('end', () => socket.write(LAST));
      gzip.write(A);
      gzip.flush(constants.Z_SYNC_FLUSH);
    });
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    // The second record is sent only after the first has arrived.
    target.addEventListener('a', () => gzip.end(B + END));
    expect((await target.closed).wasClean).toBe(true);
    expect(events).toEqual([...OPEN, ...GOT_A, ...GOT_B, 'close end clean']);
  });

  test('without a flush is dispatched completely at the end', async () => {
    const {events} = await run(({socket}) =>
      socket.write(Buffer.concat([Buffer.from(GZIP), chunkOf(gzipSync(A + B + END)), Buffer.from(LAST)])),
    );
    expect(events).toEqual([...OPEN, ...GOT_A, ...GOT_B, 'close end clean']);
  });

  test('that the proxy buffers is idle', async () => {
    const header = gzipSync('').subarray(0, 10);
    const {events} = await run(({socket}) => socket.write(Buffer.concat([Buffer.from(GZIP), chunkOf(header)])), {
      idleTimeout: 50,
    });
    expect(events).toEqual([...OPEN, 'error idle', 'close idle']);
  });

  test('that is incomplete is truncated', async () => {
    const gzip = gzipSync(A + A.repeat(500) + END);
    const {events} = await run(({socket}) =>
      socket.end(Buffer.concat([Buffer.from(GZIP), chunkOf(gzip.subarray(0, gzip.length - 20))])),
    );
    expect(events.slice(-2)).toEqual(['error truncated', 'close truncated']);
  });
});

describe('the request', () => {
  test('is a POST with a JSON body that accepts NDJSON', async () => {
    const {server} = await run(stream(END), {json: {message: 'é'}});
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      body: '{"message":"é"}',
      headers: {'content-type': 'application/json', accept: 'application/x-ndjson, application/json'},
    });
    expect(request?.headers).not.toHaveProperty('last-event-id');
  });

  test("uses the caller's fetch() options and headers", async () => {
    const headers = {Accept: 'application/json', Authorization: 'Bearer x'};
    const {server} = await run(stream(END), {method: 'PUT', body: 'text', headers});
    expect(server.requests).toMatchObject([
      {method: 'PUT', body: 'text', headers: {accept: 'application/json', authorization: 'Bearer x'}},
    ]);
  });

  test('follows a redirect', async () => {
    const redirect = reply('307 Temporary Redirect', '', {Location: '/elsewhere'});
    const server = await serve(send(redirect), stream(END));
    expect((await new FetchEventTarget(server.url, {json: {}}).closed).wasClean).toBe(true);
    expect(server.requests[1]?.path).toBe('/elsewhere');
  });

  test('fails with an error if its headers function fails', async () => {
    const headers = () => Promise.reject(new Error('no token'));
    const {events, info} = await run(stream(END), {headers});
    expect(events).toEqual(['error network', 'close network']);
    expect(info.error?.message).toBe('no token');
    // A promise can be rejected without a reason.
    expect((await run(stream(END), {headers: () => Promise.reject()})).info.reason).toBe('network');
    expect(() => new FetchEventTarget('http://[')).toThrow(TypeError);
  });
});

describe('an error response', () => {
  const rpc = {
    code: 3,
    message: 'interval: below 1ms',
    details: [{'@type': 'type.googleapis.com/google.rpc.BadRequest'}],
  };
  test.each([
    ['the gateway', JSON.stringify(rpc)],
    ['grpc-gateway, wrapped', JSON.stringify({error: rpc})],
  ])('of %s has an HTTP status and a gRPC status', async (_, body) => {
    const {events, info} = await run(send(reply('400 Bad Request', body)));
    expect(events).toEqual(['error http', 'close http']);
    expect(info).toMatchObject({wasClean: false, status: 400});
    expect(info.error).toBeInstanceOf(FetchEventError);
    expect(info.error).toMatchObject({name: 'FetchEventError', code: 'http', status: 400, message: rpc.message, rpc});
  });

  test.each(['', 'null', '5', '{"code":"x"}', '<h1>Bad Gateway</h1>'])(
    'with the body %j has only its HTTP status',
    async (body) => {
      const {info} = await run(send(reply('401 Unauthorized', body)));
      expect(info.error).toMatchObject({code: 'http', status: 401, message: 'HTTP 401', rpc: undefined});
    },
  );

  test('with a truncated body still has its HTTP status', async () => {
    const {info} = await run(({socket}) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n{"code"'));
    expect(info.error).toMatchObject({code: 'http', status: 500});
  });

  test('a page of HTML with status 200 is not a stream', async () => {
    const {events, info} = await run(send(reply('200 OK', '<!doctype html>', {'Content-Type': 'text/html'})));
    expect(events).toEqual(['error content-type', 'close content-type']);
    expect(info.status).toBe(200);
  });

  test('no server: network error', async () => {
    const server = await faultServer();
    await server.close();
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    expect(await target.closed).toMatchObject({reason: 'network', status: 0});
    expect(events).toEqual(['error network', 'close network']);
  });

  test('an error record closes the stream with its gRPC status and is not retried', async () => {
    const line = JSON.stringify({error: {code: 14, message: 'gone', details: []}});
    const {events, info} = await run(stream(A, line));
    expect(events).toEqual([...OPEN, ...GOT_A, 'error rpc', 'close rpc']);
    expect(info.error).toMatchObject({code: 'rpc', status: 200, message: 'gone', rpc: {code: 14}});
  });
});

describe('an aborted stream', () => {
  /** @type {[string, Handler][]} */
  const aborts = [
    ['FIN in the middle of a line', ({socket}) => socket.end(`${HEAD}${chunk(A)}1f\r\n{"type":`)],
    ['FIN in the middle of a character', ({socket}) => socket.end(HEAD + chunk(A) + chunk('"€').slice(0, -3))],
    ['FIN without the last chunk', ({socket}) => socket.end(HEAD + chunk(A))],
    ['the end of the body in the middle of a line', stream(A, '{"type":"b","da')],
    [
      'the end of the body in the middle of a character',
      ({socket}) => {
        socket.write(HEAD + chunk(A));
        socket.end(Buffer.concat([Buffer.from('2\r\n"'), Buffer.of(0xe2), Buffer.from(`\r\n${LAST}`)]));
      },
    ],
    ['the end of the body without a final record', stream(A)],
  ];
  test.each(aborts)('%s is truncated', async (_, handler) => {
    const {events, info} = await run(handler);
    expect(events).toEqual([...OPEN, ...GOT_A, 'error truncated', 'close truncated']);
    expect(info).toMatchObject({status: 200, wasClean: false});
  });

  test('RST is truncated', async () => {
    const server = await serve(send(HEAD + chunk(A)));
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    target.addEventListener('a', () => server.sockets.forEach((socket) => socket.resetAndDestroy()));
    await target.closed;
    expect(events).toEqual([...OPEN, ...GOT_A, 'error truncated', 'close truncated']);
  });

  test('without data is idle', async () => {
    const {events, server} = await run(send(HEAD + chunk(A)), {idleTimeout: 30});
    expect(events).toEqual([...OPEN, ...GOT_A, 'error idle', 'close idle']);
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });

  test('with heartbeats is not idle', async () => {
    let beats = 0;
    const {events} = await run(
      ({socket}) => {
        socket.write(HEAD);
        const timer = setInterval(() => {
          socket.write(chunk(' '));
          if (++beats < 8) return;
          clearInterval(timer);
          socket.write(chunk(END) + LAST);
        }, 50);
      },
      {idleTimeout: 300},
    );
    expect(events).toEqual([...OPEN, 'close end clean']);
  });

  test('without response headers within connectTimeout is a network error', async () => {
    const {events} = await run(() => {}, {connectTimeout: 30});
    expect(events).toEqual(['error network', 'close network']);
  });
});

describe('an invalid line', () => {
  test.each(['null', '5', '[]', '{}', '"a"', '{"type":1}', '{"type":"a"', '\ufffe', '{"end":0}'])(
    '%j closes the stream after the records before it',
    async (line) => {
      const {events, info} = await run(stream(`${A}${line}\n${B}`, END));
      expect(events).toEqual([...OPEN, ...GOT_A, 'error parse', 'close parse']);
      expect(info.error?.status).toBe(200);
    },
  );

  test('is skipped with onMalformed: skip', async () => {
    const {events} = await run(stream(`${A}null\n{"\n${B}${'x'.repeat(99)}\n${A}`, END), {
      onMalformed: 'skip',
      maxLineLength: 64,
    });
    expect(events).toEqual([
      ...OPEN,
      ...GOT_A,
      'error parse',
      'error parse',
      ...GOT_B,
      'error line-too-long',
      ...GOT_A,
      'close end clean',
    ]);
  });

  test('longer than maxLineLength closes the stream at once', async () => {
    const {events, info} = await run(send(HEAD + chunk(A) + chunk('x'.repeat(100))), {maxLineLength: 99});
    expect(events).toEqual([...OPEN, ...GOT_A, 'error line-too-long', 'close line-too-long']);
    expect(info.error?.message).toBe('line exceeds maxLineLength (99 bytes)');
  });
});

describe('close()', () => {
  test.each([
    ['in the same task', (/** @type {FetchEventTarget} */ target) => target.close('enough'), []],
    [
      'at the start event',
      (/** @type {FetchEventTarget} */ target) => target.addEventListener('start', () => target.close('enough')),
      OPEN,
    ],
    [
      'with unread records in the chunk',
      (/** @type {FetchEventTarget} */ target) => target.addEventListener('message', () => target.close('enough')),
      [...OPEN, 'message 1'],
    ],
  ])('%s: only abort and one close follow', async (_, end, before) => {
    const server = await serve(send(HEAD + chunk(A + A + A)));
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    end(target);
    const info = await target.closed;
    target.close('again');
    await new Promise((resolve) => setTimeout(resolve));
    expect(events).toEqual([...before, 'abort', 'close enough']);
    expect(info).toMatchObject({reason: 'enough', wasClean: false});
    expect(target.readyState).toBe(2);
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });

  test('by a signal before, during and after the stream', async () => {
    const early = await run(stream(A, END), {signal: AbortSignal.abort()});
    expect(early.events).toEqual(['abort', 'close aborted']);
    expect(early.server.requests).toEqual([]);

    const controller = new AbortController();
    const server = await serve(send(HEAD + chunk(A)), stream(END));
    const target = new FetchEventTarget(server.url, {signal: controller.signal});
    const events = log(target);
    target.addEventListener('a', () => controller.abort());
    await target.closed;
    expect(events).toEqual([...OPEN, ...GOT_A, 'abort', 'close aborted']);

    const lasting = new AbortController();
    await new FetchEventTarget(server.url, {signal: lasting.signal}).closed;
    expect(getEventListeners(lasting.signal, 'abort')).toEqual([]);
  });

  test('while waiting to retry', async () => {
    const server = await serve(send(reply('503 Service Unavailable', '', {'Retry-After': '3600'})));
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    target.addEventListener('retry', () => target.close());
    await target.closed;
    expect(events).toEqual(['error http retries', 'retry 1', 'abort', 'close aborted']);
  });

  test('in the error event before a retry: there is no retry', async () => {
    const server = await serve(send(reply('503 Service Unavailable', '', {'Retry-After': '0'})));
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    target.addEventListener('error', () => target.close());
    await target.closed;
    expect(events).toEqual(['error http retries', 'abort', 'close aborted']);
    expect(server.requests.length).toBe(1);
  });

  test('in the error event that closed the stream has no effect', async () => {
    const server = await serve(stream(A));
    const target = new FetchEventTarget(server.url);
    const events = log(target);
    target.addEventListener('error', () => target.close('mine'));
    await target.closed;
    expect(events.slice(-2)).toEqual(['error truncated', 'close truncated']);
  });
});

describe('a retry', () => {
  const fast = {minDelay: 1, maxDelay: 4};

  test.each([
    ['an aborted stream', stream(A)],
    ['a lost connection', /** @type {Handler} */ (({socket}) => socket.destroy())],
    ['500', send(reply('500 Internal Server Error'))],
    ['503 without Retry-After', send(reply('503 Service Unavailable'))],
    ['400 with Retry-After', send(reply('400 Bad Request', '', {'Retry-After': '0'}))],
    ['an error record', stream('{"error":{"code":14,"message":"","details":[]}}\n')],
  ])('is not made for a POST after %s', async (_, handler) => {
    const server = await serve(handler, stream(END));
    const target = new FetchEventTarget(server.url, {retry: fast});
    const {wasClean} = await target.closed;
    expect([wasClean, target.attempt, server.requests.length]).toEqual([false, 0, 1]);
  });

  test.each(['429 Too Many Requests', '503 Service Unavailable'])(
    'is made after %s with Retry-After',
    async (status) => {
      const server = await serve(send(reply(status, '', {'Retry-After': '0'})), stream(A, END));
      const target = new FetchEventTarget(server.url, {retry: fast, json: {}});
      const events = log(target);
      await target.closed;
      expect(events).toEqual(['error http retries', 'retry 1', ...OPEN, ...GOT_A, 'close end clean']);
      expect(server.requests.map(({body}) => body)).toEqual(['{}', '{}']);
    },
  );

  test.each([
    ['seconds', () => '3', 3000, 3001],
    ['a date', () => new Date(Date.now() + 60_000).toUTCString(), 58_000, 60_001],
    ['a date in the past', () => 'Wed, 21 Oct 2015 07:28:00 GMT', 0, 1],
    ['an invalid value', () => 'soon', 0, 1],
  ])('waits for Retry-After: %s', async (_, value, least, most) => {
    const server = await serve(send(reply('503 Service Unavailable', '', {'Retry-After': value()})), stream(END));
    const target = new FetchEventTarget(server.url, {retry: fast});
    const delay = await new Promise((resolve) => target.addEventListener('retry', (event) => resolve(event.delay)));
    target.close();
    expect(delay).toBeGreaterThanOrEqual(least);
    expect(delay).toBeLessThanOrEqual(most);
  });

  test('resumes after the last record with an ID, even for a POST', async () => {
    const server = await serve(
      stream('{"type":"a","data":1,"id":"s-41"}\n', '{"type":"b","data":{"n":2}}\n'),
      ({socket}) => socket.destroy(),
      stream(A, '{"error":{"code":14,"message":"drain","details":[]}}\n'),
      send('HTTP/1.1 204 No Content\r\n\r\n'),
    );
    let token = 0;
    const target = new FetchEventTarget(server.url, {
      retry: fast,
      json: {x: 1},
      headers: () => ({Authorization: `${++token}`}),
    });
    const events = log(target);
    await target.closed;
    expect(events).toEqual([
      ...OPEN,
      ...GOT_A,
      ...GOT_B,
      'error truncated retries',
      'retry 1',
      'error network retries',
      'retry 2',
      ...OPEN,
      ...GOT_A,
      'error rpc retries',
      'retry 3',
      'close no-content clean',
    ]);
    expect(server.requests.map(({headers}) => headers['last-event-id'])).toEqual([undefined, 's-41', 's-41', 's-41']);
    expect(server.requests.map(({headers}) => headers.authorization)).toEqual(['1', '2', '3', '4']);
    expect(target.lastEventId).toBe('s-41');
  });

  test('is not made with an ID that is not a valid header value', async () => {
    const ids = ['"a\\nb"', '"é"', '""', 'null', '{}', '"a b"'];
    const {target, server} = await run(stream(...ids.map((id) => `{"type":"a","data":1,"id":${id}}\n`)), {retry: fast});
    expect([target.lastEventId, server.requests.length]).toEqual(['', 1]);
  });

  test('is made if the request is idempotent, and for GET', async () => {
    for (const init of [{retry: {...fast, idempotent: true}}, {retry: fast, method: 'GET'}]) {
      /** @type {Handler} */
      const abort = ({socket}) => socket.destroy();
      const server = await serve(abort, send(reply('502 Bad Gateway')), stream(A), stream(END));
      const target = new FetchEventTarget(server.url, init);
      expect((await target.closed).wasClean).toBe(true);
      expect(target.attempt).toBe(3);
    }
  });

  test('is not made after an error that a retry cannot fix', async () => {
    const retry = {...fast, idempotent: true};
    for (const handler of [
      send(reply('400 Bad Request')),
      send(reply('200 OK', 'x', {'Content-Type': 'text/html'})),
      stream('null\n'),
      stream('{"error":{"code":3,"message":"","details":[]}}\n'),
    ]) {
      expect((await run(handler, {retry})).server.requests.length).toBe(1);
    }
  });

  test('is made at most limit times, or never with retry: false', async () => {
    const refuse = send(reply('503 Service Unavailable', '', {'Retry-After': '0'}));
    for (const [retry, requests] of /** @type {const} */ ([
      [{...fast, limit: 2}, 3],
      [false, 1],
    ])) {
      const server = await serve(refuse, refuse, refuse, refuse);
      const target = new FetchEventTarget(server.url, {retry});
      expect((await target.closed).reason).toBe('http');
      expect(server.requests.length).toBe(requests);
    }
  });

  test('is not made if the body is a stream', async () => {
    const init = {body: new Blob(['{}']).stream(), duplex: 'half', retry: {...fast, idempotent: true}};
    const {server} = await run(send(reply('503 Service Unavailable', '', {'Retry-After': '0'})), init);
    // The server parses the chunked body of the first request as another request.
    expect(server.requests.filter(({method}) => method === 'POST').length).toBe(1);
  });

  /** The delays of the first `count` retries. @param {object} retry */
  const delays = async (retry, count = 4) => {
    const refuse = send(reply('503 Service Unavailable'));
    const server = await serve(...Array.from({length: count + 1}, () => refuse));
    const target = new FetchEventTarget(server.url, {retry: {idempotent: true, limit: count, ...retry}});
    /** @type {number[]} */
    const seen = [];
    target.addEventListener('retry', ({delay}) => seen.push(delay));
    await target.closed;
    return seen;
  };

  test('waits longer each time, up to maxDelay', async () => {
    expect(await delays({minDelay: 2, maxDelay: 10, jitter: 0})).toEqual([2, 4, 8, 10]);
    expect(await delays({minDelay: 2, maxDelay: 20, factor: 3, jitter: 0})).toEqual([2, 6, 18, 20]);
  });

  test('waits a random part of the range', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.75);
    expect(await delays({minDelay: 4, maxDelay: 16})).toEqual([1, 2, 4, 4]);
    expect(await delays({minDelay: 4, maxDelay: 16, jitter: 0.5}, 1)).toEqual([2.5]);
  });

  test('restarts the count after 5 s of uptime', async () => {
    const clock = performance.now.bind(performance);
    let later = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + later);
    const record = '{"type":"a","data":1,"id":1}\n';
    const server = await serve(stream(record), stream(record), stream(record), stream(END));
    const target = new FetchEventTarget(server.url, {retry: fast});
    let opens = 0;
    target.addEventListener('open', () => opens++);
    target.addEventListener('a', () => {
      if (opens === 3) later = 5000;
    });
    /** @type {number[]} */
    const attempts = [];
    target.addEventListener('retry', ({attempt}) => attempts.push(attempt));
    await target.closed;
    expect(attempts).toEqual([1, 2, 1]);
  });

  describe('when the browser comes online or the page becomes visible', () => {
    const browser = (/** @type {boolean} */ hidden) => {
      const page = Object.assign(new EventTarget(), {hidden});
      const window = new EventTarget();
      vi.stubGlobal('document', page);
      vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
      vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
      return {page, window};
    };
    const hour = {minDelay: 3_600_000, maxDelay: 3_600_000, jitter: 0, idempotent: true};

    test.each(['online', 'visibilitychange'])('is made at once: %s', async (type) => {
      const {page, window} = browser(true);
      const server = await serve(send(reply('503 Service Unavailable')), stream(END));
      const target = new FetchEventTarget(server.url, {retry: hour});
      await new Promise((resolve) => target.addEventListener('retry', resolve));
      page.dispatchEvent(new Event('visibilitychange')); // Still hidden.
      await new Promise((resolve) => setTimeout(resolve));
      expect(server.requests.length).toBe(1);
      page.hidden = false;
      (type === 'online' ? window : page).dispatchEvent(new Event(type));
      expect((await target.closed).wasClean).toBe(true);
    });

    test('still waits for Retry-After', async () => {
      const {window} = browser(false);
      const server = await serve(send(reply('503 Service Unavailable', '', {'Retry-After': '1'})), stream(END));
      const target = new FetchEventTarget(server.url, {retry: hour});
      /** @type {number} */
      const start = await new Promise((resolve) => {
        target.addEventListener('retry', () => resolve(performance.now()));
      });
      window.dispatchEvent(new Event('online'));
      expect((await target.closed).wasClean).toBe(true);
      expect(performance.now() - start).toBeGreaterThan(990);
      expect(performance.now() - start).toBeLessThan(60_000);
    });
  });

  test('waits for the delay of RetryInfo', async () => {
    const details = [null, {'@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2.500s'}];
    const server = await serve(
      stream('{"type":"a","data":1,"id":1}\n', `${JSON.stringify({error: {code: 4, message: '', details}})}\n`),
    );
    const target = new FetchEventTarget(server.url, {retry: {...fast, jitter: 0}});
    const delay = await new Promise((resolve) => target.addEventListener('retry', (event) => resolve(event.delay)));
    target.close();
    expect(delay).toBe(2501);
  });
});

describe('records', () => {
  /** A body of ten records per chunk that counts the chunks read. */
  const counted = () => {
    let pulls = 0;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          pulls++;
          controller.enqueue(new TextEncoder().encode(A.repeat(10)));
        },
      },
      {highWaterMark: 0},
    );
    const headers = {'content-type': 'application/x-ndjson'};
    return {pulls: () => pulls, fetch: async () => new Response(body, {headers})};
  };
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));
  };

  test('are pulled: without a read, nothing is read from the network', async () => {
    const {pulls, fetch} = counted();
    const target = new FetchEventTarget('http://example.invalid/', {fetch});
    const reader = target.records().getReader();
    await settle();
    expect(pulls()).toBe(1);
    for (let i = 0; i < 35; i++) expect((await reader.read()).value).toEqual({type: 'a', data: 1});
    await settle();
    expect(pulls()).toBe(4);
    await reader.cancel();
    expect((await target.closed).reason).toBe('aborted');
  });

  test('can be iterated over; leaving the loop closes the stream', async () => {
    const whole = await serve(stream(A, B, END));
    const seen = [];
    for await (const record of new FetchEventTarget(whole.url)) seen.push(record);
    expect(seen).toEqual([
      {type: 'a', data: 1},
      {type: 'b', data: {n: 2}},
    ]);

    const endless = await serve(send(HEAD + chunk(A + B)));
    const target = new FetchEventTarget(endless.url);
    for await (const {type} of target) if (type === 'a') break;
    expect(target.readyState).toBe(2);
    await vi.waitFor(() => expect(endless.sockets.size).toBe(0));
  });

  test('fail with the error of the stream, after the last record', async () => {
    const server = await serve(stream(A));
    const target = new FetchEventTarget(server.url);
    /** @type {string[]} */
    const seen = [];
    const loop = async () => {
      for await (const {type} of target) seen.push(type);
    };
    await expect(loop()).rejects.toMatchObject({code: 'truncated'});
    expect(seen).toEqual(['a']);
    expect((await target.closed).reason).toBe('truncated');
  });

  test.each([
    ['a truncated stream', stream(A + B + A), 'truncated'],
    ['an error record', stream(A + B + A, '{"error":{"code":13,"message":""}}'), 'rpc'],
    ['a closed connection', /** @type {Handler} */ (({socket}) => socket.end(HEAD + chunk(A + B + A))), 'truncated'],
  ])('a slow reader receives every record before %s', async (_, handler, code) => {
    const server = await serve(handler);
    const target = new FetchEventTarget(server.url);
    /** @type {string[]} */
    const seen = [];
    const loop = async () => {
      for await (const {type} of target) {
        seen.push(type);
        await settle();
      }
    };
    await expect(loop()).rejects.toMatchObject({code});
    expect(seen).toEqual(['a', 'b', 'a']);
  });

  test('can be cancelled after a failure with an unread record', async () => {
    const server = await serve(stream(A));
    const target = new FetchEventTarget(server.url);
    const records = target.records();
    expect((await target.closed).reason).toBe('truncated');
    await records.cancel();
    expect(await records.getReader().read()).toEqual({done: true, value: undefined});
  });

  test('have backpressure: without reads, the socket of the server blocks', async () => {
    const line = `${JSON.stringify({type: 'a', data: 'x'.repeat(1 << 14)})}\n`;
    let written = 0;
    /** When the socket last accepted data. */
    let acceptedAt = 0;
    const server = await serve(({socket}) => {
      socket.write(HEAD);
      const more = () => {
        acceptedAt = performance.now();
        while (!socket.destroyed && socket.write(chunk(line))) written += line.length;
      };
      socket.on('drain', more);
      more();
    });
    const stalled = () =>
      vi.waitFor(() => expect(performance.now() - acceptedAt).toBeGreaterThan(300), {timeout: 30_000, interval: 20});
    const target = new FetchEventTarget(server.url);
    const reader = target.records().getReader();
    await reader.read();
    await stalled();
    // The kernel's two socket buffers and those of fetch(): without backpressure the server would soon write more.
    const unread = written;
    expect(unread).toBeLessThan(32 << 20);
    const wanted = Math.ceil((2 * unread) / line.length);
    for (let i = 0; i < wanted; i++) await reader.read();
    await stalled();
    expect(written).toBeGreaterThan(wanted * line.length);
    expect(written).toBeLessThan(wanted * line.length + (32 << 20));
    target.close();
  }, 60_000);

  test('can be obtained only once', async () => {
    const {target} = await run(stream(END));
    expect(await target.records().getReader().read()).toEqual({done: true, value: undefined});
    expect(() => target.records()).toThrow(TypeError);
  });
});

test('a burst of 5,000 lines does not block timers', async () => {
  const body = new TextEncoder().encode(A.repeat(5000) + END);
  const fetch = async () => new Response(body, {headers: {'content-type': 'application/x-ndjson'}});
  const target = new FetchEventTarget('http://example.invalid/', {fetch});
  let count = 0;
  let between = 0;
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, between);
    between = 0;
  });
  target.addEventListener('a', () => {
    count++;
    between++;
  });
  await target.closed;
  clearInterval(timer);
  expect(count).toBe(5000);
  // Lines between two timers: one slice, a few slices on a busy machine; without slices, all lines.
  expect(longest).toBeGreaterThan(0);
  expect(Math.max(longest, between)).toBeLessThan(2500);
});

test('a new instance has its type and initial state', () => {
  const target = new FetchEventTarget('http://127.0.0.1:9/');
  expect(target).toBeInstanceOf(FetchEventTarget);
  expect(target).toBeInstanceOf(EventTarget);
  expect([target.readyState, target.lastEventId, target.attempt, target.response]).toEqual([0, '', 0, undefined]);
  target.close();
  expect(target.readyState).toBe(2);
});
