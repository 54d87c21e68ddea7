// @ts-check
/**
 * Makes requests from the gateway's method list: JSON to start from, and the HTTP request that a route's rule makes of
 * JSON. Pure.
 */

import {shellQuote} from '../page/commands.js';

/**
 * The response of `console/methods`.
 * @typedef {{verb: string, path: string, body: string, responseBody: string}} Route
 * @typedef {{name: string, type: string, of?: string, list?: boolean, key?: string, oneof?: string}} Field
 * @typedef {{name: string, clientStreaming: boolean, serverStreaming: boolean, input: string, output: string, routes: Route[]}} Method
 * @typedef {{methods: Method[], messages: Record<string, Field[]>, enums: Record<string, string[]>}} MethodList
 */

// Maximum nesting of messages in a skeleton, so that recursive messages end.
const MAX_DEPTH = 4;

/** Initial values of well-known types whose JSON is not an object of their fields. @type {Record<string, unknown>} */
const WELL_KNOWN = {
  'google.protobuf.Timestamp': '2026-01-01T00:00:00Z',
  'google.protobuf.Duration': '1s',
  'google.protobuf.FieldMask': '',
  'google.protobuf.Any': {'@type': ''},
  'google.protobuf.Struct': {},
  'google.protobuf.Value': null,
  'google.protobuf.ListValue': [],
  'google.protobuf.Empty': {},
  'google.protobuf.StringValue': '',
  'google.protobuf.BytesValue': '',
  'google.protobuf.BoolValue': false,
  'google.protobuf.Int64Value': '0',
  'google.protobuf.UInt64Value': '0',
};

/** @param {string} type */
const scalar = (type) => {
  if (type === 'string' || type === 'bytes') return '';
  if (type === 'bool') return false;
  // 64-bit integers are strings in protobuf's JSON.
  return /64$/.test(type) ? '0' : 0;
};

/**
 * A message as JSON with an initial value for every field: the first field of a oneof, one element of lists and maps.
 * @param {MethodList} list
 * @param {string} message full name of its type
 * @param {number} [depth]
 * @returns {unknown}
 */
export const skeleton = (list, message, depth = 0) => {
  if (message in WELL_KNOWN) return WELL_KNOWN[message];
  if (/^google\.protobuf\.\w+Value$/.test(message)) return 0;
  /** @type {Record<string, unknown>} */
  const json = {};
  const chosen = new Set();
  for (const field of list.messages[message] ?? []) {
    if (field.oneof && chosen.has(field.oneof)) continue;
    chosen.add(field.oneof);
    const isMessage = field.type === 'message' || field.type === 'group';
    if (isMessage && depth + 1 >= MAX_DEPTH && !(`${field.of}` in WELL_KNOWN)) continue;
    const value = isMessage
      ? skeleton(list, `${field.of}`, depth + 1)
      : field.type === 'enum'
        ? (list.enums[`${field.of}`]?.[0] ?? 0)
        : scalar(field.type);
    if (field.key) json[field.name] = {[field.key === 'string' ? 'key' : `${scalar(field.key)}`]: value};
    else json[field.name] = field.list ? [value] : value;
  }
  return json;
};

/** The lowerCamelCase name of a field, as in protobuf's JSON. @param {string} name */
const camel = (name) => name.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/**
 * Removes a field from `json` and returns its value.
 * @param {any} json
 * @param {string} path of the field, as in a google.api.http rule
 */
const takeField = (json, path) => {
  const names = path.split('.');
  const last = /** @type {string} */ (names.pop());
  for (const name of names) json = json?.[name] ?? json?.[camel(name)];
  const key = json && (last in json ? last : camel(last));
  const value = json?.[key];
  if (json) delete json[key];
  return value;
};

/** @param {unknown} value @param {string} name @param {URLSearchParams} query */
const appendQuery = (value, name, query) => {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) value.forEach((each) => appendQuery(each, name, query));
  else if (typeof value !== 'object') query.append(name, `${value}`);
  else for (const [key, each] of Object.entries(value)) appendQuery(each, name ? `${name}.${key}` : key, query);
};

/**
 * The HTTP request for `json` according to the google.api.http rule of `route`: the path variables are taken from the
 * message, then the body; the remaining fields are query parameters.
 * @param {Route} route
 * @param {any} json
 * @returns {{method: string, path: string, body: string | undefined}}
 */
export const httpRequest = (route, json) => {
  const rest = structuredClone(json);
  const path = route.path.replace(/\{([\w.]+)(?:=([^}]*))?\}/g, (_, name, segments) => {
    const value = `${takeField(rest, name) ?? ''}`;
    // A variable of several segments keeps its slashes (google/api/http.proto).
    return segments && segments !== '*' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
  });
  const method = route.verb === '*' ? 'POST' : route.verb;
  const body = route.body === '*' ? rest : route.body ? takeField(rest, route.body) : undefined;
  const query = new URLSearchParams();
  if (route.body !== '*') appendQuery(rest, '', query);
  return {
    method,
    path: query.size ? `${path}?${query}` : path,
    body: body === undefined ? undefined : JSON.stringify(body),
  };
};

/**
 * The request as a curl command.
 * @param {{method: string, path: string, body: string | undefined}} request
 * @param {string} page the URL of the page
 */
export const curlCommand = ({method, path, body}, page) => {
  const parts = ['curl -N'];
  const defaultMethod = body === undefined ? 'GET' : 'POST';
  if (method !== defaultMethod) parts.push(`-X ${shellQuote(method)}`);
  if (body !== undefined) parts.push(`--json ${shellQuote(body)}`);
  parts.push(shellQuote(new URL(path, page).href));
  return parts.join(' \\\n  ');
};
