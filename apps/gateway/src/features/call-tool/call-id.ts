/** Names the call in a result's `_meta`. */
export const CALL_ID = 'io.signalbox/callId';

/** The same result with the id of its call. */
export function withCallId(result: unknown, callId: string): unknown {
  const known = result as { readonly _meta?: object };
  return { ...known, _meta: { ...known._meta, [CALL_ID]: callId } };
}
