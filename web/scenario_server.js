// @ts-check
/** The server of `scenario.js`, to the byte. */
import {HEAD, LAST, chunk, faultServer} from './fault_server.js';

// For a page of another origin: the browser's preflight is answered like any request.
const CORS = 'Access-Control-Allow-Origin: *\r\n';
const head = HEAD.replace('Content-Type', `${CORS}Content-Type`);

export const scenarioServer = () =>
  faultServer(
    ({socket, request}) => {
      const {message} = JSON.parse(request.body);
      const cut = `{"type":"tick","data":${JSON.stringify(message)},"id":"s-1"}\n{"type":"ti`;
      // The body ends as HTTP has it, for Bun's sake, whose fetch() drops what it has read when a connection is lost.
      socket.write(`${head}${chunk(cut)}${LAST}`);
    },
    ({socket, request}) => {
      const id = request.headers['last-event-id'] === 's-1' ? 's-2' : 'lost';
      socket.write(
        `${head}${chunk(`\r\n {"type":"tick","data":2,"id":"${id}"}\n`)}${chunk('{"end":{"code":0}}')}${LAST}`,
      );
    },
    ({socket}) =>
      socket.write(`${head}${chunk('{"type":"tick","data":3}\n{"result":4}\n{"end":{"code":0}}\n')}${LAST}`),
  );
