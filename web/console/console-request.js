// @ts-check
/**
 * From the gateway's list of methods to requests: a first JSON to edit, and what that JSON is by a route's rule. Pure:
 * values in, values out.
 */

import {shellWord} from '../page/commands.js';

/**
 * What `console/methods` answers.
 * @typedef {{verb: string, path: string, body: string, responseBody: string}} Route
 * @typedef {{name: string, type: string, of?: string, list?: boolean, key?: string, oneof?: string}} Field
 * @typedef {{name: string, clientStreaming: boolean, serverStreaming: boolean, input: string, output: string, routes: Route[]}} Method
 * @typedef {{methods: Method[], messages: Record<string, Field[]>, enums: Record<string, string[]>}} MethodList
 */

// A message inside a message, so deep: then it is `{}`, and whoever wants more writes it.
const MAX_DEPTH = 4;

/** The well-known types whose JSON is no object of their fields, or whose fields say nothing. @type {Record<string, unknown>} */
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
  // 64 bits do not fit a number.
  return /64$/.test(type) ? '0' : 0;
};

/**
 * A message with every field at a first value; of a oneof the first, of lists and maps one element.
 * @param {MethodList} list
 * @param {string} message its full name
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

/** lowerCamelCase, as protobuf's JSON spells names. @param {string} name */
const camel = (name) => name.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** @param {any} json @param {string} path of a field, as a rule spells it */
const take = (json, path) => {
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
 * The HTTP request that carries `json` by `route`: variables of the path are taken out of it, then the body, and what
 * is left is the query.
 * @param {Route} route
 * @param {any} json
 * @returns {{method: string, path: string, body: string | undefined}}
 */
export const httpRequest = (route, json) => {
  const rest = structuredClone(json);
  const path = route.path.replace(/\{([\w.]+)(?:=([^}]*))?\}/g, (_, name, segments) => {
    const value = `${take(rest, name) ?? ''}`;
    // A variable over several segments keeps its slashes (google/api/http.proto).
    return segments && segments !== '*' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
  });
  const method = route.verb === '*' ? 'POST' : route.verb;
  const body = route.body === '*' ? rest : route.body ? take(rest, route.body) : undefined;
  const query = new URLSearchParams();
  if (route.body !== '*') appendQuery(rest, '', query);
  return {
    method,
    path: query.size ? `${path}?${query}` : path,
    body: body === undefined ? undefined : JSON.stringify(body),
  };
};

/**
 * The same for a shell.
 * @param {{method: string, path: string, body: string | undefined}} request
 * @param {string} page the page's own address
 */
export const curlOf = ({method, path, body}, page) => {
  const words = ['curl -N'];
  const implied = body === undefined ? 'GET' : 'POST';
  if (method !== implied) words.push(`-X ${shellWord(method)}`);
  if (body !== undefined) words.push(`--json ${shellWord(body)}`);
  words.push(shellWord(new URL(path, page).href));
  return words.join(' \\\n  ');
};
