/** Of every answer that is a stream of events; the last keeps proxies such as nginx from holding events back. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
