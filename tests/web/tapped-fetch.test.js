// tappedFetch() reports bytes and lines and forwards the response unchanged.
import {afterEach, expect, test} from 'vitest';

import {FetchEventTarget} from '../../web/client/fetch-event-target.js';
import {tappedFetch} from '../../web/page/tapped-fetch.js';

import {HEAD, LAST, chunk, faultServer, reply} from './fault_server.js';

/** @type {(() => unknown)[]} */
const cleanups = [];
afterEach(async () => {
  while (cleanups.length) await cleanups.pop()?.();
});

/** @param {import('./fault_server.js').Handler} handler */
const run = async (handler) => {
  const server = await faultServer(handler);
  cleanups.push(() => server.close());
  let bytes = 0;
  /** @type {string[]} */
  const lines = [];
  const fetch = tappedFetch({onBytes: (count) => (bytes += count), onLine: (line) => lines.push(line)});
  const {reason, status, error} = await new FetchEventTarget(server.url, {fetch}).closed;
  return {bytes, lines, reason, status, error};
};

const A = '{"type":"a","data":1}';
const END = '{"end":{"code":0}}';

test('every byte and every line is reported, including the final record', async () => {
  const {bytes, lines, reason} = await run(({socket}) =>
    socket.write(`${HEAD}${chunk(`${A}\n \n`)}${chunk(`  ${A}\n${END}`)}${LAST}`),
  );
  expect([lines, reason]).toEqual([[A, A, END], 'end']);
  expect(bytes).toBe(`${A}\n \n  ${A}\n${END}`.length);
});

test('the body of an error response is reported', async () => {
  const body = '{"code":3,"message":"no"}';
  const {lines, status, error} = await run(({socket}) => socket.write(reply('400 Bad Request', body)));
  expect([lines, status, error?.rpc?.code]).toEqual([[body], 400, 3]);
});

test('an aborted response stays aborted', async () => {
  const {lines, reason} = await run(({socket}) => socket.end(`${HEAD}${chunk(`${A}\n`)}`));
  expect([lines, reason]).toEqual([[A], 'truncated']);
});

test('a response without a body is forwarded', async () => {
  expect(await run(({socket}) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))).toMatchObject({
    lines: [],
    reason: 'no-content',
  });
});
