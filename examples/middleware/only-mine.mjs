// A middleware of one's own: signalbox.middleware → {"module": "./only-mine.mjs", "methods": ["tools/call"], "options": {…}}.
// Refuses calls of tools that a principal may not use, and signs every result.

/**
 * @param {{ forbidden?: Record<string, string[]>, signature?: string }} options of the entry in the configuration file
 * @param {import('@signalbox/middleware').MiddlewareHost} host
 * @returns {import('@signalbox/middleware').Middleware}
 */
export default function onlyMine(options = {}, host) {
  const { forbidden = {}, signature = 'unsigned' } = options;
  if (typeof forbidden !== 'object') throw new Error('"forbidden" must be an object: principal → names of tools');
  return {
    // before the call: change its params, answer it, or leave it as it is
    request({ params }, { principal }) {
      if (!forbidden[principal]?.includes(params?.name)) return undefined;
      host.log.warn({ principal, tool: params.name }, 'a call was refused');
      return { answer: { error: { code: -32001, message: `${params.name} is not for ${principal}` } } };
    },
    // after it: return another outcome, or nothing
    response(outcome) {
      if (!('result' in outcome)) return undefined;
      const { result } = outcome;
      return { result: { ...result, _meta: { ...result._meta, 'example.com/signature': signature } } };
    },
    // what servers say meanwhile, on its way to the client
    notification({ params }) {
      return params?.level === 'debug' ? 'drop' : undefined;
    },
  };
}
