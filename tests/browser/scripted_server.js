// @ts-check
/**
 * An HTTP server for responses that the gateway cannot be made to send on demand: it serves the page with the gateway's
 * Content-Security-Policy, and answers POST requests by a function of the test.
 *
 *     const server = await scriptedServer([new URL('../../web/root/', import.meta.url)], async (response) => {
 *       response.write('{"type":"tick","data":…}\n');
 *       response.end('{"end":{"code":0}}\n');
 *     });
 *     await page.goto(server.url);
 *     await server.close();
 */
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import http from 'node:http';

/** The Content-Security-Policy that the gateway sends with the page. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

const TYPES = /** @type {Record<string, string>} */ ({
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
});

/** One tick as the gateway writes it. @param {number} sequence @param {string} [message] */
export const tickLine = (sequence, message = 'hello') =>
  `{"type":"tick","data":{"time":"2026-11-22T15:31:04.362719363Z","message":"${message}","sequence":"${sequence}"}}\n`;

/**
 * Writes, and waits until the data is accepted by the socket: no faster than the client reads.
 * @param {http.ServerResponse} response
 * @param {string} text
 */
export const writeAndDrain = (response, text) =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve(undefined);
    };
    response.on('drain', done).on('close', done);
    if (response.write(text) || response.destroyed) done();
  });

/**
 * @param {URL[]} folders of the page's files, in order of precedence
 * @param {(response: http.ServerResponse, request: {headers: http.IncomingHttpHeaders, body: string}) => unknown} script
 *   handles each POST request
 */
export const scriptedServer = async (folders, script) => {
  const server = http.createServer(async (request, response) => {
    if (request.method === 'POST') {
      const body = (await request.toArray()).join('');
      response.writeHead(200, {'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store, no-transform'});
      response.flushHeaders();
      return script(response, {headers: request.headers, body});
    }
    const name = request.url === '/' ? 'index.html' : `${request.url}`.slice(1);
    for (const folder of /^(\w[\w.-]*\/)*\w[\w.-]*$/.test(name) ? folders : []) {
      const content = await readFile(new URL(name, folder)).catch(() => undefined);
      if (!content) continue;
      response.writeHead(200, {
        'Content-Type': TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
        'Content-Security-Policy': POLICY,
      });
      return response.end(content);
    }
    response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
