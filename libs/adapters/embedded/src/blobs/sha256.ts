import { hash } from 'node:crypto';

/** Lower-case hex. */
export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
