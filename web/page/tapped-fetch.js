// @ts-check
/**
 * A fetch() that also reports the bytes and lines of the response body: the page counts bytes and shows the raw lines,
 * including the final record, which the client does not dispatch.
 *
 *     new FetchEventTarget(url, {fetch: tappedFetch({onBytes, onLine})});
 *
 * The body is forwarded chunk by chunk as it is read, so backpressure is preserved.
 */

import {LineDecoder} from '../client/ndjson.js';

/**
 * @param {object} tap
 * @param {(count: number) => void} tap.onBytes called for each chunk
 * @param {(line: string) => void} tap.onLine called for each line that is not blank; for an invalid one, with the
 *   error message in parentheses
 * @returns {typeof globalThis.fetch}
 */
export const tappedFetch =
  ({onBytes, onLine}) =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    const decoder = new LineDecoder();
    const report = (/** @type {(string | Error)[]} */ lines) => {
      for (const line of lines) onLine(typeof line === 'string' ? line : `(${line.message})`);
    };
    /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
    const tap = new TransformStream({
      transform(chunk, controller) {
        onBytes(chunk.length);
        report(decoder.push(chunk));
        controller.enqueue(chunk);
      },
      flush: () => report(decoder.end()),
    });
    return new Response(response.body.pipeThrough(tap), response);
  };
