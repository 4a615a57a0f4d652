/** An answer that was not 2xx; the message is the problem's. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @returns {Promise<any>} the JSON that a GET of this path answers. Rejects with {@link ApiError}, or as fetch does. */
export async function get(path, parameters = {}, signal = AbortSignal.timeout(15_000)) {
  const given = Object.entries(parameters).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  const query = new URLSearchParams(given).toString();
  const response = await fetch(query ? `${path}?${query}` : path, { headers: { accept: 'application/json' }, signal });
  const body = await response.json().catch(() => ({}));
  if (!response.ok)
    throw new ApiError(response.status, body.detail ?? body.title ?? `the monitor answered ${response.status}`);
  return body;
}
