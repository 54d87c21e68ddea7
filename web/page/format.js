// @ts-check
/**
 * Formats numbers, times and long texts for display. Pure.
 */

const number = new Intl.NumberFormat('en', {maximumFractionDigits: 1});
const MAX_TEXT = 2000;

/** `1,234.5` */
export const formatNumber = (/** @type {number} */ value) => number.format(value);

/** @param {number} ms NaN if unknown */
export const formatDuration = (ms) => {
  if (Number.isNaN(ms)) return '–';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${formatNumber(ms / 1000)} s`;
};

/** @param {number} bytes */
export const formatBytes = (bytes) => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};

/**
 * The local time of day with millisecond precision, without the date.
 * @param {string} time RFC 3339
 */
export const formatClock = (time) => {
  const date = new Date(time);
  const padded = (/** @type {number} */ part, length = 2) => `${part}`.padStart(length, '0');
  return Number.isNaN(date.getTime())
    ? time
    : `${padded(date.getHours())}:${padded(date.getMinutes())}:${padded(date.getSeconds())}` +
        `.${padded(date.getMilliseconds(), 3)}`;
};

/**
 * Truncates a long text and appends the number of characters left out: a row of 1 MiB would block the page.
 * @param {string} text
 */
export const clip = (text) => {
  if (text.length <= MAX_TEXT) return text;
  const head = text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, '');
  return `${head} … ${formatNumber(text.length - head.length)} more`;
};
