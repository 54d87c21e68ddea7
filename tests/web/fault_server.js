// @ts-check
/**
 * An HTTP server that injects faults: the test controls every byte sent, and how the connection is closed.
 *
 *     const server = await faultServer(({socket}) => socket.write(HEAD + chunk('{"type":"a","data":1}\n')), ...);
 *     await fetch(server.url);
 *     await server.close();
 *
 * The nth request is handled by the nth handler. A request after the last handler is recorded in `requests`, and its
 * connection is closed.
 */
import {once} from 'node:events';
import net from 'node:net';

/** The response head of a stream. */
export const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The end of a chunked body. */
export const LAST = '0\r\n\r\n';

/** @param {string} text */
export const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/**
 * A complete response.
 * @param {string} status such as `503 Service Unavailable`
 * @param {string} [body]
 * @param {Record<string, string>} [headers]
 */
export const reply = (status, body = '', headers = {'Content-Type': 'application/json'}) => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/**
 * @typedef {{method: string, path: string, headers: Record<string, string>, body: string}} Request
 * @typedef {(exchange: {socket: net.Socket, request: Request}) => void} Handler
 */

/**
 * @param {string} head
 * @returns {Omit<Request, 'body'>}
 */
const parseHead = (head) => {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return {method, path, headers};
};

/** @param {Handler[]} handlers */
export const faultServer = async (...handlers) => {
  /** @type {Request[]} */
  const requests = [];
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const server = net.createServer({noDelay: true}, (socket) => {
    sockets.add(socket);
    // Errors of connections that the client closed are ignored.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let input = '';
    socket.setEncoding('latin1').on('data', (data) => {
      input += data;
      for (let end; (end = input.indexOf('\r\n\r\n')) >= 0;) {
        const request = parseHead(input.slice(0, end));
        const next = end + 4 + Number(request.headers['content-length'] ?? 0);
        if (input.length < next) return;
        const body = Buffer.from(input.slice(end + 4, next), 'latin1').toString();
        requests.push({...request, body});
        input = input.slice(next);
        const handler = handlers[requests.length - 1];
        if (handler) handler({socket, request: {...request, body}});
        else socket.destroy();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/v1/ticks:subscribe`,
    requests,
    /** The open connections. */
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
