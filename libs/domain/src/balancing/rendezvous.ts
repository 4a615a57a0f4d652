/** FNV-1a over UTF-16 code units, with the finaliser of MurmurHash3: its lower bits alone would not be spread. 32 bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Weighted rendezvous hashing (highest random weight; Thaler and Ravishankar 1998, weights by Schindelhauer and Schomaker
 * 2005). Where one member leaves, its keys alone move; where one comes, it takes its share and no other key moves.
 * @param members not empty; each is known by its `id`, whatever its place in the list
 */
export function rendezvous<M extends { readonly id: string; readonly weight: number }>(
  members: readonly M[],
  key: string,
): M {
  let best = members[0]!;
  let bestScore = -Infinity;
  for (const member of members) {
    // in (0, 1): neither end has a logarithm that can be divided by
    const uniform = (hash32(`${member.id}\n${key}`) + 0.5) / 2 ** 32;
    const score = -member.weight / Math.log(uniform);
    if (score > bestScore) [best, bestScore] = [member, score];
  }
  return best;
}
