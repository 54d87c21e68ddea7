// @ts-check
/**
 * Errors as the page and the console display them. Pure.
 */

/** @typedef {import('../client/fetch-event-target.js').FetchEventError} FetchEventError */

/** The gRPC status codes by number: name and title. */
const CODES = [
  ['OK', 'Call completed'],
  ['CANCELLED', 'Call cancelled'],
  ['UNKNOWN', 'Unknown error'],
  ['INVALID_ARGUMENT', 'Invalid request'],
  ['DEADLINE_EXCEEDED', 'Deadline exceeded'],
  ['NOT_FOUND', 'Not found'],
  ['ALREADY_EXISTS', 'Already exists'],
  ['PERMISSION_DENIED', 'Permission denied'],
  ['RESOURCE_EXHAUSTED', 'Limit or quota exceeded'],
  ['FAILED_PRECONDITION', 'Failed precondition'],
  ['ABORTED', 'Call aborted'],
  ['OUT_OF_RANGE', 'Value out of range'],
  ['UNIMPLEMENTED', 'Method not implemented'],
  ['INTERNAL', 'Internal error'],
  ['UNAVAILABLE', 'Service unavailable'],
  ['DATA_LOSS', 'Data loss'],
  ['UNAUTHENTICATED', 'Authentication required'],
];

/**
 * Titles and texts of the errors that have no server message.
 * @type {Partial<Record<FetchEventError['code'], [title: string, text: string]>>}
 */
const CLIENT_ERRORS = {
  network: ['No response', 'Could not reach the gateway. Check that it is running.'],
  truncated: [
    'Stream aborted',
    'The response ended without a final record. Messages shown are complete. Check that the gateway is running.',
  ],
  idle: ['Idle timeout', 'No data or heartbeat received. Check that the gateway is running and reachable.'],
  'content-type': ['Not a stream', 'The response is not NDJSON. Check that requests to this host reach the gateway.'],
  parse: ['Invalid record', 'A line of the response is not a valid record.'],
  'line-too-long': ['Line too long', 'A line of the response is longer than this page accepts.'],
};

/** @param {number | undefined} code */
const grpcCode = (code) => (code === undefined ? '' : `gRPC ${code} ${CODES[code]?.[0] ?? ''}`.trim());

/**
 * The status codes: `HTTP 400 · gRPC 3 INVALID_ARGUMENT`.
 * @param {FetchEventError} error
 */
const statusLine = ({status, rpc}) => {
  const parts = [status ? `HTTP ${status}` : '', grpcCode(rpc?.code)];
  return parts.filter(Boolean).join(' · ');
};

/**
 * The error in one or two words, for the state of the stream.
 * @param {FetchEventError} error
 */
export const shortReason = ({code, status, rpc}) => {
  if (code === 'http') return `HTTP ${status}`;
  if (code === 'rpc' && rpc) return CODES[rpc.code]?.[0] ?? `gRPC ${rpc.code}`;
  return CLIENT_ERRORS[code]?.[0].toLowerCase() ?? 'failed';
};

/**
 * The invalid fields of the request, from the error's google.rpc.BadRequest.
 * @param {FetchEventError} error
 * @returns {{field: string, description: string}[]}
 */
export const fieldViolations = ({rpc}) =>
  (rpc?.details ?? [])
    .filter((detail) => `${detail?.['@type']}`.endsWith('/google.rpc.BadRequest'))
    .flatMap((detail) => detail.fieldViolations ?? [])
    .map(({field, description}) => ({field: `${field}`, description: `${description}`}));

/**
 * @param {FetchEventError} error
 * @returns {{title: string, text: string, codes: string}}
 */
export const explain = (error) => {
  const {code, status, message, rpc} = error;
  const codes = statusLine(error);
  const clientError = CLIENT_ERRORS[code];
  if (clientError) return {title: clientError[0], text: clientError[1], codes};
  if (status === 404) return {title: 'Not found', text: rpc ? message : 'No method is served at this address.', codes};
  const title = CODES[rpc?.code ?? -1]?.[1] ?? (status < 500 ? 'Request failed' : 'Server error');
  // Without a server message, `message` only repeats the status.
  return {title, text: message === `HTTP ${status}` ? '' : message, codes};
};
