/** Whether what a client sent can be an answer to a question of this method; the server checks the rest. */
export function isAnswerTo(method: string, response: unknown): boolean {
  if (typeof response !== 'object' || response === null || Array.isArray(response)) return false;
  const answer = response as Readonly<Record<string, unknown>>;
  switch (method) {
    case 'elicitation/create':
      return typeof answer['action'] === 'string';
    case 'sampling/createMessage':
      return typeof answer['role'] === 'string' && typeof answer['content'] === 'object';
    case 'roots/list':
      return Array.isArray(answer['roots']);
    default:
      return true;
  }
}
