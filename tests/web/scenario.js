// @ts-check
/**
 * A stream that is aborted, resumed and completed, as a list of events, to compare runtimes.
 *
 *     await streamEvents(url)   // with the server of scenario_server.js
 *
 * It uses no API of a runtime: it runs in Node, its worker threads, browser workers, Deno and Bun.
 */
import {FetchEventTarget} from '../../web/client/fetch-event-target.js';

/**
 * @param {string} url
 * @param {typeof FetchEventTarget} [Client]
 */
export const streamEvents = async (url, Client = FetchEventTarget) => {
  const target = new Client(url, {json: {message: 'é🌊'}, retry: {minDelay: 1}});
  /** @type {string[]} */
  const events = [];
  target.addEventListener('open', () => events.push('open'));
  target.addEventListener('tick', ({data, lastEventId}) => events.push(`tick ${data} after ${lastEventId}`));
  target.addEventListener('error', ({error, willRetry}) => events.push(`error ${error.code} ${willRetry}`));
  target.addEventListener('retry', ({attempt}) => events.push(`retry ${attempt}`));
  target.addEventListener('close', ({reason, wasClean, status}) =>
    events.push(`close ${reason} ${wasClean} ${status}`),
  );
  await target.closed;
  // A second stream, read one record at a time.
  for await (const {type, data} of new Client(url)) events.push(`pulled ${type} ${data}`);
  return events;
};

/** The expected events for the responses of `scenario_server.js`. */
export const EXPECTED = [
  'open',
  'tick é🌊 after s-1',
  'error truncated true',
  'retry 1',
  'open',
  'tick 2 after s-2',
  'close end true 200',
  'pulled tick 3',
  'pulled message 4',
];
