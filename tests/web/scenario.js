// @ts-check
/**
 * One stream from its start over a cut to its end, as a list of events: what every runtime must make of it.
 *
 *     await streamEvents(url)   // the server: RECORDS with an id, a cut, then, asked to resume, the rest
 *
 * It knows no runtime: it runs in Node, in its worker threads, in browsers' workers, in Deno and in Bun.
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
  // And pulled, one record at a time.
  for await (const {type, data} of new Client(url)) events.push(`pulled ${type} ${data}`);
  return events;
};

/** What comes of the answers that `scenario_server.js` gives. */
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
