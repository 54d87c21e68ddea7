// @ts-check
/**
 * What went wrong, as a person wants it told. Pure: an error in, words out.
 */

/** @typedef {import('../client/fetch-event-target.js').FetchEventError} FetchEventError */

/** gRPC's status codes by number: their names, and what each means to whoever pressed Start. */
const CODES = [
  ['OK', 'The call ended'],
  ['CANCELLED', 'The call was cancelled'],
  ['UNKNOWN', 'The service failed'],
  ['INVALID_ARGUMENT', 'The request is not valid'],
  ['DEADLINE_EXCEEDED', 'It took too long'],
  ['NOT_FOUND', 'Not found'],
  ['ALREADY_EXISTS', 'It exists already'],
  ['PERMISSION_DENIED', 'Not allowed'],
  ['RESOURCE_EXHAUSTED', 'Too much was asked for'],
  ['FAILED_PRECONDITION', 'Not possible right now'],
  ['ABORTED', 'The call was aborted'],
  ['OUT_OF_RANGE', 'Out of range'],
  ['UNIMPLEMENTED', 'The service cannot do this'],
  ['INTERNAL', 'Something broke inside'],
  ['UNAVAILABLE', 'The service is not available'],
  ['DATA_LOSS', 'Data was lost'],
  ['UNAUTHENTICATED', 'Not signed in'],
];

/** @type {Partial<Record<FetchEventError['code'], [title: string, text: string]>>} */
const FAULTS = {
  network: ['No answer', 'The gateway could not be reached. Is it still running?'],
  truncated: [
    'The stream was cut',
    'It stopped without an ending: the gateway or the network went away. What is shown is whole.',
  ],
  idle: ['The stream fell silent', 'Not even a heartbeat came. The gateway or the network went away.'],
  'content-type': ['Not a stream', 'Something other than the gateway answered at this address.'],
  parse: ['An unreadable line', 'The answer holds a line that is no record.'],
  'line-too-long': ['A line too long', 'The answer holds a line longer than this page takes.'],
};

/** @param {number | undefined} code */
const grpcCode = (code) => (code === undefined ? '' : `gRPC ${code} ${CODES[code]?.[0] ?? ''}`.trim());

/**
 * The numbers: `HTTP 400 · gRPC 3 INVALID_ARGUMENT`.
 * @param {FetchEventError} error
 */
const statusLine = ({status, rpc}) => {
  const parts = [status ? `HTTP ${status}` : '', grpcCode(rpc?.code)];
  return parts.filter(Boolean).join(' · ');
};

/**
 * What ended the stream, in a word or two.
 * @param {FetchEventError} error
 */
export const ending = ({code, status, rpc}) => {
  if (code === 'http') return `HTTP ${status}`;
  if (code === 'rpc' && rpc) return CODES[rpc.code]?.[0] ?? `gRPC ${rpc.code}`;
  return FAULTS[code]?.[0].toLowerCase() ?? 'failed';
};

/**
 * The fields that the server named, by google.rpc.BadRequest.
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
  const fault = FAULTS[code];
  if (fault) return {title: fault[0], text: fault[1], codes};
  if (status === 404) return {title: 'Nothing is served there', text: 'This gateway has no tick service.', codes};
  const title = CODES[rpc?.code ?? -1]?.[1] ?? (status < 500 ? 'The request was refused' : 'The gateway failed');
  // A message that only repeats the status says nothing new.
  return {title, text: message === `HTTP ${status}` ? '' : message, codes};
};
