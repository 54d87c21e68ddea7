// @ts-check
/** The server for `scenario.js`. */
import {HEAD, LAST, chunk, faultServer} from './fault_server.js';

/** The number of requests of the scenario. */
const REQUESTS = 3;

/**
 * The response body of the nth request, from 0.
 * @param {number} n
 * @param {{headers: Record<string, unknown>, body: string}} request
 */
export const scenarioBody = (n, {headers, body}) => {
  switch (n) {
    case 0: {
      const message = JSON.stringify(JSON.parse(body).message);
      // Ends within a line, but as a complete HTTP body: Bun's fetch() discards buffered data at a connection loss.
      return `{"type":"tick","data":${message},"id":"s-1"}\n{"type":"ti`;
    }
    case 1: {
      const id = headers['last-event-id'] === 's-1' ? 's-2' : 'lost';
      return `\r\n {"type":"tick","data":2,"id":"${id}"}\n{"end":{"code":0}}`;
    }
    default:
      return '{"type":"tick","data":3}\n{"result":4}\n{"end":{"code":0}}\n';
  }
};

export const scenarioServer = () =>
  faultServer(
    ...Array.from(
      {length: REQUESTS},
      (_, n) =>
        /** @type {import('./fault_server.js').Handler} */
        (({socket, request}) => socket.write(HEAD + chunk(scenarioBody(n, request)) + LAST)),
    ),
  );
