// @ts-check
/**
 * Reads a stream of newline-delimited JSON (NDJSON) over fetch(), as events: an EventSource for any HTTP method.
 *
 *     const ticks = new FetchEventTarget('/v1/ticks:subscribe', {json: {message: 'hello'}});
 *     ticks.addEventListener('tick', (event) => console.log(event.data.sequence));
 *     ticks.addEventListener('close', (event) => console.log(event.reason, event.wasClean));
 *     // later: ticks.close();
 *
 * or one record at a time, with backpressure to the server:
 *
 *     for await (const {type, data} of new FetchEventTarget(url, {json})) await use(data);
 *
 * It reads the gateway's records, `{"type","data","id"?}` followed by a final `{"end"}` or `{"error"}`, and
 * grpc-gateway's `{"result"}` and `{"error"}`. It does not require `window`, so it also runs in workers, Node, Deno and
 * Bun.
 *
 * Guarantees: there is exactly one `close` event; a body that stops without a final record is an error (`truncated`); a
 * request that the server may have processed is not retried unless that is safe (see `RetryOptions`).
 */

import {FetchEventError, httpError, rpcError} from './fetch-event-error.js';
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
 * @property {string} type the record's type; `message` if the server sends none
 * @property {M} data
 * @property {string} [id] event ID: the stream can be resumed after this record
 */

/**
 * How a stream ended.
 * @typedef {object} CloseInfo
 * @property {string} reason `end`, `no-content` (204), `aborted`, the argument of `close()`, or the error's code
 * @property {boolean} wasClean the server completed the stream
 * @property {number} status HTTP status of the last response; 0 if there was none
 * @property {FetchEventError} [error] if the stream failed
 */

/**
 * @typedef {object} FetchEventTargetOptions
 * @property {HeadersInit | (() => HeadersInit | Promise<HeadersInit>)} [headers] a function is called for each request
 * @property {any} [json] the request body, sent with Content-Type application/json
 * @property {AbortSignal | null} [signal] closes the stream when aborted
 * @property {typeof globalThis.fetch} [fetch] used instead of the global fetch()
 * @property {RetryOptions | false} [retry] when to retry; false: never
 * @property {number} [connectTimeout] ms to wait for the response headers; default 0: no limit
 * @property {number} [idleTimeout] ms to wait for data; heartbeats count as data; default 0: no limit
 * @property {number} [maxLineLength] bytes; default 1 Mi
 * @property {'fail' | 'skip'} [onMalformed] close the stream at an invalid line (default), or report it and continue
 * @property {boolean} [requireEnd] require a final record after `{"result"}` records too; grpc-gateway sends none
 */

/**
 * The event object by event name. A name that is not one of the client's own is a record type.
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

// Yields to timers, input and rendering after this many lines or this long, whichever comes first.
const SLICE_LINES = 256;
const SLICE_MS = 8;
// A connection that was open this long resets the retry counter.
const UPTIME_MS = 5000;
// How long to wait for the body of an error response.
const ERROR_BODY_MS = 5000;
// How long to wait for the end of the body after the final record, so that the connection can be reused.
const LINGER_MS = 1000;
// The maximum delay of setTimeout.
const MAX_DELAY = 2 ** 31 - 1;
// The client's own event names: a record of such a type is dispatched as `message` only.
const RESERVED = /^(open|start|message|retry|error|close|abort|end)$/;

const now = () => performance.now();

/**
 * Yields to the event loop. setTimeout would be throttled by browsers, scheduler.yield would resume before timers run.
 * @returns {Promise<void>}
 */
const yieldToEventLoop = () =>
  new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

/**
 * Runs `work`; rejects if it takes longer than `ms`. 0 or undefined: no limit.
 * @template T
 * @param {number | undefined} ms
 * @param {'network' | 'idle'} code of the error
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
const withTimeout = (ms, code, work) =>
  ms
    ? new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new FetchEventError(code, `no data for ${ms} ms`)), ms);
        work()
          .then(resolve, reject)
          .then(() => clearTimeout(timer));
      })
    : work();

/**
 * EventTarget with the types of the client's events.
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
 * States: CONNECTING → OPEN → CLOSED, and back to CONNECTING for a retry.
 *
 * Events: `open`; `message` for every record, then one named after the record's type, unless that name is reserved;
 * `error` {error, willRetry}; `retry` {delay, attempt, cause}; `close` (CloseInfo), the last event, exactly once.
 * `start` is an alias of `open`; `abort` precedes `close` if the caller closed the stream.
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
  /** @readonly @type {Promise<CloseInfo>} Resolves when the stream has closed, for any reason; never rejects. */
  closed;
  #init;
  #retry;
  #state = CONNECTING;
  #attempt = 0;
  #lastEventId = '';
  /** @type {Response | undefined} */
  #response;
  #controller = new AbortController();
  /** When the last connection was opened. */
  #openedAt = 0;
  /** @type {CloseInfo | undefined} Set once, when the stream is closed. */
  #closeInfo;
  /** @type {(info: CloseInfo) => void} */
  #resolveClosed = () => {};
  /** @type {(() => void) | undefined} Ends the wait for a retry, or for a reader of `records()`. */
  #wake;
  /** @type {ReadableStreamDefaultController<StreamRecord<M>> | undefined} Set by `records()`. */
  #sink;

  /**
   * Connects in a microtask, so that listeners can be added first.
   * @param {string | URL} url relative to the document or the worker
   * @param {Omit<RequestInit, 'headers'> & FetchEventTargetOptions} [init] options of fetch() and of the client;
   *   the default method is POST
   */
  constructor(url, init = {}) {
    super();
    const {body, json, signal} = init;
    this.url = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;
    // fetch() ignores unknown options, so the client's own need not be removed.
    this.#init = {method: 'POST', body: JSON.stringify(json), ...init};
    // A stream as the body is consumed by the first request, so there is no retry.
    this.#retry = retryPolicy(body instanceof ReadableStream ? false : init.retry, this.#init.method);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const onAbort = () => this.close();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    this.closed.then(() => signal?.removeEventListener('abort', onAbort));
    queueMicrotask(() => this.#run());
  }

  /** CONNECTING (also while waiting to retry), OPEN or CLOSED. */
  get readyState() {
    return this.#state;
  }

  /** The ID of the last record that had one, or ''. */
  get lastEventId() {
    return this.#lastEventId;
  }

  /** The number of consecutive retries; reset when a connection was open for 5 s. */
  get attempt() {
    return this.#attempt;
  }

  /** The last response: its status and headers. */
  get response() {
    return this.#response;
  }

  /**
   * Closes the stream: no record is dispatched after this. Idempotent.
   * @param {string} [reason] the `reason` of the `close` event
   */
  close(reason = 'aborted') {
    this.#close({reason, wasClean: false}, true);
  }

  /**
   * The records as a ReadableStream with backpressure: the network is read only as far as the next record requires.
   * Call it once, before the first `await`: records received before the call are not included. Cancelling it closes the
   * stream. If the stream fails, it errors after the last record has been read.
   * @returns {ReadableStream<StreamRecord<M>>}
   */
  records() {
    if (this.#sink) throw new TypeError('records() was already called');
    return new ReadableStream({
      start: (controller) => {
        this.#sink = controller;
        this.closed
          .then(async ({error}) => {
            // controller.error() discards unread records: wait until they are read.
            while (error && controller.desiredSize === 0) await this.#woken();
            if (error) controller.error(error);
            else controller.close();
          })
          // close() throws if the reader has cancelled the stream: then it is already closed.
          .catch(() => {});
      },
      pull: () => this.#wake?.(),
      cancel: () => this.close(),
    });
  }

  /** @returns {AsyncGenerator<StreamRecord<M>, void, void>} */
  async *[Symbol.asyncIterator]() {
    // Not the iterator of ReadableStream: Safari lacks it.
    const reader = this.records().getReader();
    try {
      for (let read; !(read = await reader.read()).done;) yield read.value;
    } finally {
      this.close();
    }
  }

  /** Connects, and reconnects while retries are allowed. Never rejects. */
  async #run() {
    while (!this.#closeInfo) {
      const controller = (this.#controller = new AbortController());
      this.#response = undefined;
      try {
        this.#close({reason: await this.#connect(), wasClean: true});
      } catch (thrown) {
        const cause = /** @type {any} */ (thrown);
        const response = /** @type {Response | undefined} */ (this.#response);
        const error =
          cause instanceof FetchEventError
            ? cause
            : new FetchEventError(this.#state === OPEN ? 'truncated' : 'network', cause?.message, {
                status: response?.status ?? 0,
                cause,
              });
        // Releases the connection. Not after an `{"error"}` record: #read() waits for the end of the body.
        if (error.code !== 'rpc') controller.abort();
        if (this.#closeInfo) return;
        if (this.#state === OPEN && now() - this.#openedAt >= UPTIME_MS) this.#attempt = 0;
        const willRetry = this.#retry.allows(error, this.#attempt, this.#lastEventId);
        this.#state = CONNECTING;
        if (!willRetry) this.#close({reason: error.code, wasClean: false, error});
        this.#emit('error', {error, willRetry});
        if (willRetry) await this.#waitToRetry(error);
      }
    }
  }

  /**
   * Sends one request and reads its response.
   * @returns {Promise<string>} the reason of a clean close; throws if the stream failed
   */
  async #connect() {
    const {headers, json, connectTimeout, fetch = globalThis.fetch} = this.#init;
    const allHeaders = new Headers({accept: 'application/x-ndjson, application/json'});
    if (json !== undefined) allHeaders.set('content-type', 'application/json');
    if (this.#lastEventId) allHeaders.set('last-event-id', this.#lastEventId);
    new Headers(typeof headers === 'function' ? await headers() : headers).forEach((value, name) =>
      allHeaders.set(name, value),
    );
    if (this.#closeInfo) return '';
    const init = {...this.#init, headers: allHeaders, signal: this.#controller.signal};
    const response = await withTimeout(connectTimeout, 'network', () => fetch(this.url, init));
    this.#response = response;
    const {status} = response;
    if (status === 204) return 'no-content';
    if (!response.ok) {
      throw httpError(response, await withTimeout(ERROR_BODY_MS, 'idle', () => response.text()).catch(String));
    }
    const type = response.headers.get('content-type');
    // grpc-gateway sends no Content-Type if the stream is empty.
    if (!/json/i.test(type ?? 'json')) {
      throw new FetchEventError('content-type', `expected NDJSON, got ${type}`, {status});
    }
    if (this.#closeInfo) return '';
    this.#state = OPEN;
    this.#openedAt = now();
    this.#emit('open');
    this.#emit('start');
    return this.#read(response);
  }

  /**
   * @param {Response} response
   * @returns {Promise<string>} as `#connect()`
   */
  async #read({body, status}) {
    const {idleTimeout, maxLineLength, onMalformed, requireEnd} = this.#init;
    const decoder = new LineDecoder(maxLineLength);
    // Only a custom `fetch` can return a response without a body: the TypeError then becomes `truncated`.
    const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
    let sawResult = false;
    let linesLeft = SLICE_LINES;
    let sliceStart = now();
    for (;;) {
      const {done, value} = await withTimeout(idleTimeout, 'idle', () => reader.read());
      for (const line of done ? decoder.end() : decoder.push(value)) {
        while (!this.#closeInfo && this.#sink?.desiredSize === 0) await this.#woken();
        if (!linesLeft-- || now() - sliceStart >= SLICE_MS) {
          await yieldToEventLoop();
          linesLeft = SLICE_LINES;
          sliceStart = now();
        }
        if (this.#closeInfo) return '';
        let type, data, id, result, end, error;
        try {
          if (typeof line !== 'string') throw line;
          ({type, data, id, result, end, error} = JSON.parse(line) ?? {});
          if (typeof type !== 'string' && !end && !error && result === undefined) throw new TypeError('not a record');
        } catch (thrown) {
          const cause = /** @type {any} */ (thrown);
          // An invalid last line is an incomplete record: the body was truncated.
          const code = done ? 'truncated' : cause instanceof RangeError ? 'line-too-long' : 'parse';
          const failure = new FetchEventError(code, cause.message, {status, cause});
          if (done || onMalformed !== 'skip') throw failure;
          this.#emit('error', {error: failure, willRetry: false});
          continue;
        }
        if (typeof type === 'string') {
          this.#deliver({type, data}, id);
        } else if (result !== undefined) {
          sawResult = true;
          this.#deliver({type: 'message', data: result});
        } else {
          // Reads to the end of the body, so that the connection can be reused.
          const controller = this.#controller;
          withTimeout(LINGER_MS, 'idle', () => reader.read())
            .catch(() => {})
            .then(() => controller.abort());
          if (end) return 'end';
          throw rpcError(error, status);
        }
      }
      if (done) {
        if (sawResult && !requireEnd) return 'end';
        throw new FetchEventError('truncated', 'no final record', {status});
      }
    }
  }

  /**
   * @param {StreamRecord<M>} record
   * @param {unknown} [id]
   */
  #deliver(record, id) {
    // An ID that is not a valid Last-Event-ID header value cannot be used to resume.
    if (/^[!-~]+$/.test(`${id ?? ''}`)) record.id = this.#lastEventId = `${id}`;
    this.#sink?.enqueue(record);
    const {type, data} = record;
    for (const name of RESERVED.test(type) ? ['message'] : ['message', type]) {
      if (this.#closeInfo) return;
      const event = new MessageEvent(name, {data, lastEventId: this.#lastEventId});
      this.dispatchEvent(Object.assign(event, {record}));
    }
  }

  /**
   * Waits before a retry. When the browser comes online or the page becomes visible, only the delay that the server
   * requested is waited.
   * @param {FetchEventError} cause
   */
  async #waitToRetry(cause) {
    if (this.#closeInfo) return;
    const {retryAfter = 0} = cause;
    const delay = this.#retry.delay(this.#attempt, retryAfter, Math.random());
    const start = now();
    let due = start + delay;
    this.#emit('retry', {delay, attempt: ++this.#attempt, cause});
    const {document} = globalThis;
    const shortenDelay = () => {
      if (!document?.hidden) due = start + retryAfter;
      this.#wake?.();
    };
    // Passed as the listener options: its `signal` removes the listeners.
    const listening = new AbortController();
    globalThis.addEventListener?.('online', shortenDelay, listening);
    document?.addEventListener('visibilitychange', shortenDelay, listening);
    for (let left; !this.#closeInfo && (left = due - now()) > 0;) {
      const timer = setTimeout(() => this.#wake?.(), Math.min(left, MAX_DELAY));
      await this.#woken();
      clearTimeout(timer);
    }
    listening.abort();
  }

  /**
   * Resolves at the next call of `#wake()`. The caller then checks what has changed.
   * @returns {Promise<void>}
   */
  #woken() {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /**
   * Changes the state to CLOSED. The `close` event is dispatched in a microtask, after a preceding `error` event.
   * @param {Omit<CloseInfo, 'status'>} outcome
   * @param {boolean} [aborted] by the caller
   */
  #close(outcome, aborted) {
    if (this.#closeInfo) return;
    const info = (this.#closeInfo = {...outcome, status: this.#response?.status ?? 0});
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
