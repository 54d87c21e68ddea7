// @ts-check
// The scenario in a worker of a page: there is no window and no document.
globalThis.onmessage = async ({data}) => {
  const {streamEvents} = await import('../web/scenario.js');
  globalThis.postMessage(await streamEvents(data));
};
