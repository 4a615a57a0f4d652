/** Methods that executors answer. */
export const FORWARDED: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'completion/complete',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
]);
