// @ts-check
// Runs the scenario in a worker, where there is no window and no document.
globalThis.onmessage = async ({data}) => {
  const {streamEvents} = await import('../web/scenario.js');
  globalThis.postMessage(await streamEvents(data));
};
