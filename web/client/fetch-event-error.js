// @ts-check
/**
 * What goes wrong with a stream: one class, told apart by `code`.
 *
 *     const {error} = await target.closed;
 *     if (error?.code === 'http' && error.status === 401) signIn();
 *     if (error?.rpc) console.log(error.rpc.code, error.rpc.message);
 */

/**
 * A google.rpc.Status.
 * @typedef {object} RpcStatus
 * @property {number} code
 * @property {string} message
 * @property {any[]} [details]
 */

/**
 * `http` a status other than 2xx; `network` no response; `content-type` a response that is no stream; `parse` a line
 * that is no record; `truncated` a body without an ending; `line-too-long`; `idle` nothing came in time; `rpc` an
 * `{"error"}` line.
 * @typedef {'http' | 'network' | 'content-type' | 'parse' | 'truncated' | 'line-too-long' | 'idle' | 'rpc'} ErrorCode
 */

/** What went wrong. */
export class FetchEventError extends Error {
  name = 'FetchEventError';
  /** The HTTP status; 0 if no response came. */
  status = 0;
  /** @type {RpcStatus | undefined} The gRPC status, where the server told one. */
  rpc;
  /** @type {number | undefined} ms that the server asks to wait, where it does. */
  retryAfter;

  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {{status?: number, rpc?: RpcStatus, retryAfter?: number, cause?: unknown}} [more]
   */
  constructor(code, message, more) {
    super(message, more);
    this.code = code;
    Object.assign(this, more);
  }
}

/** @param {string | null} value Retry-After: seconds or a date */
const retryAfterMs = (value) =>
  value ? Math.max(0, Number(value) * 1000 || Date.parse(value) - Date.now() || 0) : undefined;

/**
 * What a refused request says: the gateway's JSON, grpc-gateway's, or just the status.
 * @param {Response} response
 * @param {string} body as much of it as came
 */
export const refusal = ({status, headers}, body) => {
  let rpc;
  try {
    const json = JSON.parse(body);
    rpc = json.error ?? json;
  } catch {
    // Not every error page is JSON, nor whole; the status is what counts.
  }
  if (!(rpc?.code >= 0)) rpc = undefined;
  const retryAfter = retryAfterMs(headers.get('retry-after'));
  return new FetchEventError('http', rpc?.message || `HTTP ${status}`, {status, rpc, retryAfter});
};

/**
 * What an `{"error"}` line says. Its google.rpc.RetryInfo, if it has one, is what the server asks to wait.
 * @param {RpcStatus} rpc
 * @param {number} status
 */
export const failure = (rpc, status) => {
  const info = rpc.details?.find((detail) => /\.RetryInfo$/.test(detail?.['@type']));
  const retryAfter = info && (parseFloat(info.retryDelay) * 1000 || 0);
  return new FetchEventError('rpc', rpc.message, {status, rpc, retryAfter});
};
