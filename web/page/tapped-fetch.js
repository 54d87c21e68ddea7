// @ts-check
/**
 * fetch() that also tells what goes through: the page counts bytes and shows lines as they came, ending and all, which
 * the client keeps to itself.
 *
 *     new FetchEventTarget(url, {fetch: tappedFetch({onBytes, onLine})});
 *
 * The body is passed on chunk by chunk as it is pulled, so backpressure stays what it was.
 */

import {LineDecoder} from '../client/ndjson.js';

/**
 * @param {object} tap
 * @param {(count: number) => void} tap.onBytes of each chunk
 * @param {(line: string) => void} tap.onLine each line that is not blank; one that is no text, in words
 * @returns {typeof globalThis.fetch}
 */
export const tappedFetch =
  ({onBytes, onLine}) =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!response.body) return response;
    const decoder = new LineDecoder();
    const tell = (/** @type {(string | Error)[]} */ lines) => {
      for (const line of lines) onLine(typeof line === 'string' ? line : `(${line.message})`);
    };
    /** @type {TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} */
    const tap = new TransformStream({
      transform(chunk, controller) {
        onBytes(chunk.length);
        tell(decoder.push(chunk));
        controller.enqueue(chunk);
      },
      flush: () => tell(decoder.end()),
    });
    return new Response(response.body.pipeThrough(tap), response);
  };
