// @ts-check
/**
 * Draws a rate over the last minute as bars on a canvas, latest at the right, in the element's CSS `color`.
 */

const SLOTS = 60;
const GAP_PX = 1;
// The minimum height of a bar, so that a single message is visible.
const MIN_PX = 1.5;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} history one number per second, oldest first
 */
export const drawSparkline = (canvas, history) => {
  const {clientWidth: width, clientHeight: height} = canvas;
  const scale = globalThis.devicePixelRatio || 1;
  // Setting its size clears a canvas, even if the size is unchanged.
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(canvas).color;
  const slot = width / SLOTS;
  const peak = Math.max(...history);
  history.slice(-SLOTS).forEach((value, i, {length}) => {
    if (!value) return;
    const barHeight = Math.max(MIN_PX, (value / peak) * height);
    context.fillRect(width - (length - i) * slot, height - barHeight, slot - GAP_PX, barHeight);
  });
};
