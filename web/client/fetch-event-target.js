// @ts-check
/**
 * Streams of JSON lines over fetch(), as events. What EventSource is to GET and text/event-stream, this is to any
 * method and NDJSON.
 *
 *     const ticks = new FetchEventTarget('/v1/ticks:subscribe', {json: {message: 'hello'}});
 *     ticks.addEventListener('tick', (event) => console.log(event.data.sequence));
 *     ticks.addEventListener('close', (event) => console.log(event.reason, event.wasClean));
 *     // later: ticks.close();
 *
 * or, one record at a time, the server no faster than the loop:
 *
 *     for await (const {type, data} of new FetchEventTarget(url, {json})) await use(data);
 *
 * It reads `{"type","data","id"?}` lines with `{"end"}` or `{"error"}` as the last one, and grpc-gateway's `{"result"}`
 * and `{"error"}` lines. It needs no `window`: it runs in workers, Node, Deno and Bun as well.
 *
 * Promises it makes: exactly one `close` event, whatever happens; a body that stops without an ending line is an
 * error, never an end; a request that may have been acted on is not sent again unless that is known to be safe (see
 * `RetryOptions`).
 */

import {FetchEventError, failure, refusal} from './fetch-event-error.js';
import {LineDecoder} from './ndjson.js';
import {retryPolicy} from './retry-policy.js';

export {FetchEventError};

/** @typedef {import('./fetch-event-error.js').ErrorCode} ErrorCode */
/** @typedef {import('./fetch-event-error.js').RpcStatus} RpcStatus */
/** @typedef {import('./retry-policy.js').RetryOptions} RetryOptions */

/**
 * One record of the stream.
 * @template M
 * @typedef {object} StreamRecord
 * @property {string} type the record's name; `message` where the server gives none
 * @property {M} data
 * @property {string} [id] where the server can resume after this record
 */

/**
 * How a stream ended.
 * @typedef {object} CloseInfo
 * @property {string} reason `end`, `no-content` (204), `aborted`, the text given to `close()`, or the error's code
 * @property {boolean} wasClean the server said that this is the end
 * @property {number} status of the last HTTP response; 0 if there was none
 * @property {FetchEventError} [error] what went wrong, if something did
 */

/**
 * @typedef {object} FetchEventTargetOptions
 * @property {HeadersInit | (() => HeadersInit | Promise<HeadersInit>)} [headers] a function is asked each time
 * @property {any} [json] sent as the body, with its Content-Type
 * @property {AbortSignal | null} [signal] closes the stream
 * @property {typeof globalThis.fetch} [fetch] used in place of the global one
 * @property {RetryOptions | false} [retry]
 * @property {number} [connectTimeout] ms until the response's head; 0, the default, is none
 * @property {number} [idleTimeout] ms without a byte, heartbeats counted; 0, the default, is none
 * @property {number} [maxLineLength] bytes; 1 Mi
 * @property {'fail' | 'skip'} [onMalformed] end the stream at a bad line (the default), or report it and go on
 * @property {boolean} [requireEnd] ask for an ending line of `{"result"}` streams too, which grpc-gateway never sends
 */

/**
 * What the listeners of an event get. Names that are not ours are types of records.
 * @template {string} K
 * @template M
 * @typedef {K extends 'error' ? Event & {error: FetchEventError, willRetry: boolean}
 *   : K extends 'retry' ? Event & {delay: number, attempt: number, cause: FetchEventError}
 *   : K extends 'close' ? Event & CloseInfo
 *   : K extends 'open' | 'start' | 'abort' ? Event
 *   : MessageEvent<M> & {record: StreamRecord<M>}} EventOf
 */

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

// Timers, input and paint are let in after so many lines or so long, whichever is first.
const SLICE_LINES = 256;
const SLICE_MS = 8;
// A connection that lived this long was a success: the next failure is a first one.
const UPTIME_MS = 5000;
// An error reply is short, or not worth waiting for.
const ERROR_BODY_MS = 5000;
// What ends a body after its ending line comes at once, or the connection is not worth keeping.
const LINGER_MS = 1000;
// setTimeout takes no more.
const MAX_DELAY = 2 ** 31 - 1;
// Names of our own events: a record cannot forge one.
const RESERVED = /^(open|start|message|retry|error|close|abort|end)$/;

const now = () => performance.now();

/** Lets other tasks run. Not setTimeout, which browsers stretch, nor scheduler.yield, which goes before timers. */
const breathe = () =>
  new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });

/**
 * Does the work, or fails when it takes longer than `ms`. 0 or nothing: no limit.
 * @template T
 * @param {number | undefined} ms
 * @param {'network' | 'idle'} code
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
const within = (ms, code, work) =>
  ms
    ? new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new FetchEventError(code, `nothing for ${ms} ms`)), ms);
        work()
          .then(resolve, reject)
          .finally(() => clearTimeout(timer));
      })
    : work();

/**
 * EventTarget with the types of our events.
 * @template M
 * @typedef {object} TypedEvents
 * @property {<K extends string>(type: K, listener: ((event: EventOf<K, M>) => void) | EventListenerObject | null,
 *   options?: boolean | AddEventListenerOptions) => void} addEventListener
 * @property {<K extends string>(type: K, listener: ((event: EventOf<K, M>) => void) | EventListenerObject | null,
 *   options?: boolean | EventListenerOptions) => void} removeEventListener
 */
const TypedEventTarget = /** @type {new <M>() => TypedEvents<M> & EventTarget} */ (
  /** @type {unknown} */ (EventTarget)
);

/**
 * The lifecycle: CONNECTING → OPEN → CLOSED, and back to CONNECTING for a retry.
 *
 * Events: `open`; `message` for every record; one named like the record's type, unless that is a name of ours;
 * `error` {error, willRetry}; `retry` {delay, attempt, cause}; `close` (CloseInfo), once, the last one. `start` is
 * another name for `open`; `abort` comes before `close` when the caller ended the stream.
 *
 * @template [M=any]
 * @extends {TypedEventTarget<M>}
 */
export class FetchEventTarget extends TypedEventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSED = CLOSED;

  /** @readonly @type {string} */
  url;
  /** @readonly @type {Promise<CloseInfo>} Resolves when the stream has ended, however it did; never rejects. */
  closed;
  #init;
  #retry;
  #state = CONNECTING;
  #attempt = 0;
  #lastEventId = '';
  /** @type {Response | undefined} */
  #response;
  #controller = new AbortController();
  /** When the last connection opened. */
  #opened = 0;
  /** @type {CloseInfo | undefined} Set once: the end is decided. */
  #info;
  /** @type {(info: CloseInfo) => void} */
  #resolveClosed = () => {};
  /** @type {(() => void) | undefined} Ends the wait for a retry, or for a reader of `records`. */
  #wake;
  /** @type {ReadableStreamDefaultController<StreamRecord<M>> | undefined} Where `records` come out. */
  #sink;

  /**
   * Connects in a microtask, so that listeners can be added first.
   * @param {string | URL} url
   * @param {Omit<RequestInit, 'headers'> & FetchEventTargetOptions} [init] fetch's own options and ours; the method is
   *   POST unless told
   */
  constructor(url, init = {}) {
    super();
    const {body, json, signal} = init;
    this.url = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
    // fetch() leaves alone what it does not know, so our options go with its own.
    this.#init = {method: 'POST', body: JSON.stringify(json), ...init};
    // A body that is a stream is used up by the first request.
    this.#retry = retryPolicy(body instanceof ReadableStream ? false : init.retry, this.#init.method);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const onAbort = () => this.close();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    this.closed.then(() => signal?.removeEventListener('abort', onAbort));
    queueMicrotask(() => this.#run());
  }

  /** CONNECTING, OPEN or CLOSED. The wait for a retry is CONNECTING. */
  get readyState() {
    return this.#state;
  }

  /** The id of the last record that had one, or ''. */
  get lastEventId() {
    return this.#lastEventId;
  }

  /** Retries in a row so far; 0 again once a connection has lived 5 s. */
  get attempt() {
    return this.#attempt;
  }

  /** The last response, for its status and headers. */
  get response() {
    return this.#response;
  }

  /**
   * Ends the stream; no record comes after this. Doing it twice is no error.
   * @param {string} [reason] what the `close` event tells
   */
  close(reason = 'aborted') {
    this.#close({reason, wasClean: false}, true);
  }

  /**
   * The records, pulled: while nobody reads, no more is read from the network than one record needs. Records that came
   * before this call are not in it; call it before the first `await`. Cancelling it closes the stream, a failure
   * errors it once the records before it are read.
   * @returns {ReadableStream<StreamRecord<M>>}
   */
  records() {
    if (this.#sink) throw new TypeError('records() twice');
    return new ReadableStream({
      start: (controller) => {
        this.#sink = controller;
        this.closed
          .then(async ({error}) => {
            // An error throws away what waits to be read.
            while (error && controller.desiredSize === 0) await this.#woken();
            if (error) controller.error(error);
            else controller.close();
          })
          // Closing throws where its reader has cancelled it: it is closed already.
          .catch(() => {});
      },
      pull: () => this.#wake?.(),
      cancel: () => this.close(),
    });
  }

  /** @returns {AsyncGenerator<StreamRecord<M>, void, void>} */
  async *[Symbol.asyncIterator]() {
    // Not the stream's own iterator, which Safari lacks.
    const reader = this.records().getReader();
    try {
      for (let read; !(read = await reader.read()).done;) yield read.value;
    } finally {
      this.close();
    }
  }

  /** One connection after another, until there is a reason to stop. Never rejects. */
  async #run() {
    while (!this.#info) {
      const controller = (this.#controller = new AbortController());
      this.#response = undefined;
      try {
        this.#close({reason: await this.#connect(), wasClean: true});
      } catch (thrown) {
        const error = this.#asError(thrown);
        // Of a failed exchange nothing more is wanted; after an `{"error"}` line its body ends by itself.
        if (error.code !== 'rpc') controller.abort();
        if (this.#info) return;
        if (this.#state === OPEN && now() - this.#opened >= UPTIME_MS) this.#attempt = 0;
        const willRetry = this.#retry.allows(error, this.#attempt, this.#lastEventId);
        this.#state = CONNECTING;
        if (!willRetry) this.#close({reason: error.code, wasClean: false, error});
        this.#emit('error', {error, willRetry});
        if (willRetry) await this.#pause(error);
      }
    }
  }

  /**
   * One request and its response.
   * @returns {Promise<string>} why it ended well; any other ending is thrown
   */
  async #connect() {
    const {headers, json, connectTimeout, fetch = globalThis.fetch} = this.#init;
    const all = new Headers({accept: 'application/x-ndjson, application/json'});
    if (json !== undefined) all.set('content-type', 'application/json');
    if (this.#lastEventId) all.set('last-event-id', this.#lastEventId);
    new Headers(typeof headers === 'function' ? await headers() : headers).forEach((value, name) =>
      all.set(name, value),
    );
    if (this.#info) return '';
    const init = {...this.#init, headers: all, signal: this.#controller.signal};
    const response = await within(connectTimeout, 'network', () => fetch(this.url, init));
    this.#response = response;
    const {status} = response;
    if (status === 204) return 'no-content';
    if (!response.ok) throw refusal(response, await within(ERROR_BODY_MS, 'idle', () => response.text()).catch(String));
    const type = response.headers.get('content-type');
    // No type at all is grpc-gateway's head where it has nothing to say.
    if (!/json/i.test(type ?? 'json')) throw new FetchEventError('content-type', `not JSON lines: ${type}`, {status});
    if (this.#info) return '';
    this.#state = OPEN;
    this.#opened = now();
    this.#emit('open');
    this.#emit('start');
    return this.#read(response);
  }

  /**
   * @param {Response} response
   * @returns {Promise<string>} as `#connect`
   */
  async #read({body, status}) {
    const {idleTimeout, maxLineLength, onMalformed, requireEnd} = this.#init;
    const decoder = new LineDecoder(maxLineLength);
    // Only an artful `fetch` leaves the body out; that is a cut then, like any other.
    const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
    let plain = false;
    let left = SLICE_LINES;
    let since = now();
    for (;;) {
      const {done, value} = await within(idleTimeout, 'idle', () => reader.read());
      for (const line of done ? decoder.end() : decoder.push(value)) {
        while (!this.#info && this.#sink?.desiredSize === 0) await this.#woken();
        if (!left-- || now() - since >= SLICE_MS) {
          await breathe();
          left = SLICE_LINES;
          since = now();
        }
        if (this.#info) return '';
        let type, data, id, result, end, error;
        try {
          if (typeof line !== 'string') throw line;
          ({type, data, id, result, end, error} = JSON.parse(line) ?? {});
          if (typeof type !== 'string' && !end && !error && result === undefined) throw new TypeError('not a record');
        } catch (thrown) {
          const cause = /** @type {any} */ (thrown);
          // What a cut left of a record is no mistake of the server's.
          const code = done ? 'truncated' : cause instanceof RangeError ? 'line-too-long' : 'parse';
          const fault = new FetchEventError(code, cause.message, {status, cause});
          if (done || onMalformed !== 'skip') throw fault;
          this.#emit('error', {error: fault, willRetry: false});
          continue;
        }
        if (typeof type === 'string') {
          this.#deliver({type, data}, id);
        } else if (result !== undefined) {
          plain = true;
          this.#deliver({type: 'message', data: result});
        } else {
          // Read on to the end of the body, so that the connection can serve again.
          const controller = this.#controller;
          within(LINGER_MS, 'idle', () => reader.read())
            .catch(() => {})
            .then(() => controller.abort());
          if (end) return 'end';
          throw failure(error, status);
        }
      }
      if (done && plain && !requireEnd) return 'end';
      if (done) throw new FetchEventError('truncated', 'no ending line', {status});
    }
  }

  /**
   * @param {StreamRecord<M>} record
   * @param {unknown} [id]
   */
  #deliver(record, id) {
    // What cannot go back in a header cannot be resumed from.
    if (/^[!-~]+$/.test(`${id ?? ''}`)) record.id = this.#lastEventId = `${id}`;
    this.#sink?.enqueue(record);
    const {type, data} = record;
    for (const name of RESERVED.test(type) ? ['message'] : ['message', type]) {
      if (this.#info) return;
      const event = new MessageEvent(name, {data, lastEventId: this.#lastEventId});
      this.dispatchEvent(Object.assign(event, {record}));
    }
  }

  /**
   * @param {any} thrown
   * @returns {FetchEventError}
   */
  #asError(thrown) {
    if (thrown instanceof FetchEventError) return thrown;
    const code = this.#state === OPEN ? 'truncated' : 'network';
    return new FetchEventError(code, thrown?.message, {status: this.#response?.status ?? 0, cause: thrown});
  }

  /**
   * Waits for the next attempt. When the network or the page comes back, no longer than what the server asks.
   * @param {FetchEventError} cause
   */
  async #pause(cause) {
    if (this.#info) return;
    const {retryAfter = 0} = cause;
    const delay = this.#retry.delay(this.#attempt, retryAfter, Math.random());
    const start = now();
    let due = start + delay;
    this.#emit('retry', {delay, attempt: ++this.#attempt, cause});
    const {document} = globalThis;
    const hurry = () => {
      if (!document?.hidden) due = start + retryAfter;
      this.#wake?.();
    };
    // As options of a listener, its `signal` takes the listener away.
    const over = new AbortController();
    globalThis.addEventListener?.('online', hurry, over);
    document?.addEventListener('visibilitychange', hurry, over);
    for (let left; !this.#info && (left = due - now()) > 0;) {
      const timer = setTimeout(() => this.#wake?.(), Math.min(left, MAX_DELAY));
      await this.#woken();
      clearTimeout(timer);
    }
    over.abort();
  }

  /** Until somebody calls `#wake`; who waits checks what has changed. */
  #woken() {
    return new Promise((resolve) => (this.#wake = () => resolve(undefined)));
  }

  /**
   * The one way to CLOSED. The event comes in a microtask, after the `error` that is its reason.
   * @param {Omit<CloseInfo, 'status'>} ending
   * @param {boolean} [aborted] by the caller
   */
  #close(ending, aborted) {
    if (this.#info) return;
    const info = (this.#info = {...ending, status: this.#response?.status ?? 0});
    this.#state = CLOSED;
    if (aborted) this.#controller.abort();
    this.#wake?.();
    queueMicrotask(() => {
      if (aborted) this.#emit('abort');
      this.#emit('close', info);
      this.#resolveClosed(info);
    });
  }

  /**
   * @param {string} type
   * @param {object} [fields]
   */
  #emit(type, fields) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
