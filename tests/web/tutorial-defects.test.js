// One test per defect of a typical tutorial client: a class that pipes `response.body` through a text decoder, a line
// splitter and JSON.parse() into dispatchEvent(). Vitest fails the run at any unhandled rejection.
import {afterEach, expect, test, vi} from 'vitest';

import {FetchEventTarget} from '../../web/client/fetch-event-target.js';
import {LineDecoder} from '../../web/client/ndjson.js';

import {HEAD, LAST, chunk, faultServer, reply} from './fault_server.js';

/** @typedef {import('./fault_server.js').Handler} Handler */

const A = '{"type":"a","data":1}\n';
const END = '{"end":{"code":0}}\n';

/** @type {(() => unknown)[]} */
const cleanups = [];
afterEach(async () => {
  while (cleanups.length) await cleanups.pop()?.();
});

/** @param {Handler[]} handlers */
const serve = async (...handlers) => {
  const server = await faultServer(...handlers);
  cleanups.push(() => server.close());
  return server;
};

/** A complete response of these chunks. @param {string[]} chunks @returns {Handler} */
const stream =
  (...chunks) =>
  ({socket}) =>
    socket.write(HEAD + chunks.map(chunk).join('') + LAST);

/** Records the names of all events, in order. @param {FetchEventTarget} target */
const names = (target) => {
  /** @type {string[]} */
  const seen = [];
  for (const type of ['open', 'start', 'message', 'a', 'retry', 'error', 'abort', 'close']) {
    target.addEventListener(type, () => seen.push(type));
  }
  return seen;
};

/**
 * @param {Handler} handler
 * @param {ConstructorParameters<typeof FetchEventTarget>[1]} [init]
 */
const run = async (handler, init) => {
  const {url} = await serve(handler);
  const target = new FetchEventTarget(url, init);
  const events = names(target);
  return {events, info: await target.closed, target};
};

test('1: start fired in the constructor, before any listener could exist', async () => {
  const {events} = await run(stream(END));
  expect(events).toEqual(['open', 'start', 'close']);
});

test('2: a last record without a newline was lost, then an ordinary close', async () => {
  expect(
    (await run(stream('{"result":{"n":1}}\n{"result":{"n":2}}'))).events.filter((name) => name === 'message'),
  ).toEqual(['message', 'message']);
  expect((await run(stream(A, END.trim()))).info).toMatchObject({reason: 'end', wasClean: true});
});

test('3: status and type were never checked: a 500 became a bare close', async () => {
  const failed = await run(({socket}) => socket.write(reply('500 Internal Server Error', '{"code":13,"message":"x"}')));
  expect(failed.events).toEqual(['error', 'close']);
  expect(failed.info.error).toMatchObject({code: 'http', status: 500, rpc: {code: 13}});
  const page = await run(({socket}) => socket.write(reply('200 OK', A, {'Content-Type': 'text/html'})));
  expect(page.events).toEqual(['error', 'close']);
  expect(page.info.reason).toBe('content-type');
});

test('4: a line `null` threw: neither close nor abort was dispatched', async () => {
  const {events, info} = await run(stream('null\n', END));
  expect(events).toEqual(['open', 'start', 'error', 'close']);
  expect(info.reason).toBe('parse');
});

test('5: a blank line stopped the stream', async () => {
  const {events} = await run(stream('\n', `\r\n${A}`, '   \n', END));
  expect(events).toEqual(['open', 'start', 'message', 'a', 'close']);
});

test('6: an invalid line also dropped the valid records of its chunk', async () => {
  expect((await run(stream(`${A}{"\n${A}`, END))).events).toEqual(['open', 'start', 'message', 'a', 'error', 'close']);
  const skipping = await run(stream(`${A}{"\n${A}`, END), {onMalformed: 'skip'});
  expect(skipping.events).toEqual(['open', 'start', 'message', 'a', 'error', 'message', 'a', 'close']);
  expect(skipping.info.wasClean).toBe(true);
});

test('7: the promise of pipeTo() was not handled: an unhandled rejection, no error event', async () => {
  /** @type {unknown[]} */
  const unhandled = [];
  const note = (/** @type {unknown} */ reason) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  cleanups.push(() => process.off('unhandledRejection', note));
  // A failure before the response head, in an error body, and in the stream.
  for (const handler of /** @type {Handler[]} */ ([
    ({socket}) => socket.destroy(),
    ({socket}) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n{'),
    ({socket}) => socket.end(HEAD + chunk(A)),
    ({socket}) => void socket.write(HEAD + chunk(A), () => setTimeout(() => socket.resetAndDestroy(), 20)),
  ])) {
    expect((await run(handler)).events.slice(-2)).toEqual(['error', 'close']);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(unhandled).toEqual([]);
});

test('8: abort meant any failure; an abort by the caller before the response was dispatched as error', async () => {
  for (const [handler, before] of /** @type {[Handler, string[]][]} */ ([
    [() => {}, []],
    [({socket}) => socket.write(HEAD + chunk(A)), ['open', 'start', 'message', 'a']],
  ])) {
    const server = await serve(handler);
    const target = new FetchEventTarget(server.url);
    const events = names(target);
    await vi.waitFor(() => expect([server.requests.length, events]).toEqual([1, before]));
    target.close();
    await target.closed;
    expect(events).toEqual([...before, 'abort', 'close']);
  }
  expect((await run(({socket}) => socket.end(HEAD + chunk(A)))).events).not.toContain('abort');
});

test('9: the close event said code 0 after a success', async () => {
  const {url} = await serve(stream(END));
  const target = new FetchEventTarget(url);
  /** @type {import('../../web/client/fetch-event-target.js').CloseInfo} */
  const {reason, wasClean, status} = await new Promise((resolve) => target.addEventListener('close', resolve));
  expect({reason, wasClean, status}).toEqual({reason: 'end', wasClean: true, status: 200});
});

test('10: a record typed error or close forged a lifecycle event', async () => {
  const forged = ['error', 'close', 'abort', 'open', 'start', 'retry'].map((type) => `{"type":"${type}","data":1}\n`);
  const {events, info} = await run(stream(...forged, END));
  expect(events).toEqual(['open', 'start', ...forged.map(() => 'message'), 'close']);
  expect(info.wasClean).toBe(true);
});

test('11: a truncated stream looked complete', async () => {
  for (const handler of /** @type {Handler[]} */ ([stream(A), ({socket}) => socket.end(HEAD + chunk(A))])) {
    const {events, info} = await run(handler);
    expect(events.slice(-2)).toEqual(['error', 'close']);
    expect(info).toMatchObject({reason: 'truncated', wasClean: false});
  }
});

test('12: a long line over many chunks was quadratic', () => {
  const cost = (/** @type {number} */ chunks) => {
    const decoder = new LineDecoder(1 << 26);
    const piece = new Uint8Array(64).fill(0x61);
    const start = performance.now();
    for (let i = 0; i < chunks; i++) decoder.push(piece);
    expect(decoder.end()[0]?.toString().length).toBe(chunks * piece.length);
    return performance.now() - start;
  };
  cost(1 << 12); // Warm-up: compiles the code.
  const best = (/** @type {number} */ chunks) => Math.min(...[1, 2, 3].map(() => cost(chunks)));
  // 16 times the chunks take 16 times as long if the work is linear, 256 times if it is quadratic.
  expect(best(1 << 16) / best(1 << 12)).toBeLessThan(64);
});

test('13: the length of a line was not limited', async () => {
  const endless = await serve(({socket}) => {
    socket.write(HEAD);
    const more = () => {
      while (!socket.destroyed && socket.write(chunk('x'.repeat(1 << 16))));
    };
    socket.on('drain', more);
    more();
  });
  const target = new FetchEventTarget(endless.url);
  expect((await target.closed).reason).toBe('line-too-long');
  await vi.waitFor(() => expect(endless.sockets.size).toBe(0));
});

test('14: 5,000 lines in one chunk blocked timers and rendering', async () => {
  const body = new TextEncoder().encode(A.repeat(5000) + END);
  const fetch = async () => new Response(body, {headers: {'content-type': 'application/x-ndjson'}});
  const target = new FetchEventTarget('http://example.invalid/', {fetch});
  let since = 0;
  let most = 0;
  const timer = setInterval(() => (since = 0));
  target.addEventListener('a', () => (most = Math.max(most, ++since)));
  expect((await target.closed).wasClean).toBe(true);
  clearInterval(timer);
  // A slice is 256 lines; on a busy machine the timer may fire only after a few. Without slices: after all lines.
  expect(most).toBeLessThan(2500);
});

test('15: no reconnection, id, readyState, close() or idle timeout', async () => {
  const server = await serve(
    ({socket}) => socket.write(HEAD + chunk('{"type":"a","data":1,"id":"7"}\n')), // Then no more data.
    ({socket}) => socket.write(HEAD + chunk('{"type":"a","data":2,"id":"8"}\n')),
  );
  const target = new FetchEventTarget(server.url, {idleTimeout: 50, retry: {minDelay: 1}});
  const events = names(target);
  expect(target.readyState).toBe(FetchEventTarget.CONNECTING);
  await new Promise((resolve) => target.addEventListener('a', ({data}) => data === 2 && resolve(undefined)));
  expect(target.readyState).toBe(FetchEventTarget.OPEN);
  target.close();
  expect(target.readyState).toBe(FetchEventTarget.CLOSED);
  await target.closed;
  const once = ['open', 'start', 'message', 'a'];
  expect(events).toEqual([...once, 'error', 'retry', ...once, 'abort', 'close']);
  expect(server.requests.map(({headers}) => headers['last-event-id'])).toEqual([undefined, '7']);
  expect(target.lastEventId).toBe('8');
});

test('16: an echoed message went into innerHTML', async () => {
  // The client passes data on unchanged. That the page shows it as text is a browser test.
  const data = `<img src=x onerror="alert(1)">`;
  const {url} = await serve(stream(`${JSON.stringify({type: 'a', data})}\n`, END));
  const target = new FetchEventTarget(url);
  /** @type {unknown[]} */
  const seen = [];
  target.addEventListener('a', (event) => seen.push(event.data));
  await target.closed;
  expect(seen).toEqual([data]);
});

test('17: the server inserted the Host header into a script, which breaks behind a TLS proxy', async () => {
  const {url, requests} = await serve(stream(END));
  vi.stubGlobal('document', Object.assign(new EventTarget(), {baseURI: new URL('/under/page.html', url).href}));
  cleanups.push(() => vi.unstubAllGlobals());
  // A relative path is enough: it is resolved against the URL of the page.
  const target = new FetchEventTarget('v1/ticks:subscribe');
  expect(target.url).toBe(new URL('/under/v1/ticks:subscribe', url).href);
  await target.closed;
  expect(requests[0]?.path).toBe('/under/v1/ticks:subscribe');
});

test('18: `new F() instanceof F` was false, and names were global', async () => {
  const before = Object.keys(globalThis);
  const module = await import('../../web/client/fetch-event-target.js');
  const target = new module.FetchEventTarget('http://127.0.0.1:9/');
  target.close();
  expect(target instanceof module.FetchEventTarget && target instanceof EventTarget).toBe(true);
  expect(Object.keys(globalThis)).toEqual(before);
  await target.closed;
});
