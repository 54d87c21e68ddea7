// @ts-check
/**
 * A minute of a rate as bars on a canvas, newest at the right. Its colour is the element's own `color`.
 */

const SLOTS = 60;
const GAP_PX = 1;
// A second with one message must still be seen.
const MIN_PX = 1.5;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} history one number a second, oldest first
 */
export const drawSparkline = (canvas, history) => {
  const {clientWidth: width, clientHeight: height} = canvas;
  const scale = globalThis.devicePixelRatio || 1;
  // To set its size clears a canvas, even to the same.
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(canvas).color;
  const slot = width / SLOTS;
  const top = Math.max(...history);
  history.slice(-SLOTS).forEach((value, i, {length}) => {
    if (!value) return;
    const tall = Math.max(MIN_PX, (value / top) * height);
    context.fillRect(width - (length - i) * slot, height - tall, slot - GAP_PX, tall);
  });
};
