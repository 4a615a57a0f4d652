import { ok, wrong, type Finding } from './finding.js';

const LEAST_MAJOR = 24;

/** @param version such as 24.21.0 */
export function checkNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= LEAST_MAJOR) return ok('Node', version);
  const todo = `Start it by npm ("npm start", "npm run signalbox"), which takes the Node ${LEAST_MAJOR} installed with it.`;
  return wrong('Node', `${version} is too old`, todo);
}
