/** What a suite shows to its peers. */
export interface ExportRules {
  /** Names of servers; `*` stands for any characters. */
  readonly exports: readonly string[];
  /** The same for servers that peers do not see, whatever `exports` says. */
  readonly withholds: readonly string[];
  /** Whether peers see what this suite has from other peers. */
  readonly transit: boolean;
}

export interface ExportedServer {
  readonly name: string;
  /** It is a peer of this suite. */
  readonly isPeer: boolean;
  /** A service of this suite itself: every suite has the same ones, so that it is shown only where it is named outright. */
  readonly isBuiltIn: boolean;
}

/** Whether peers see what a server offers. */
export function isExported({ name, isPeer, isBuiltIn }: ExportedServer, rules: ExportRules): boolean {
  if (isPeer && !rules.transit) return false;
  if (rules.withholds.some((pattern) => matches(pattern, name))) return false;
  return isBuiltIn ? rules.exports.includes(name) : rules.exports.some((pattern) => matches(pattern, name));
}

/** In time that grows with the product of both lengths, whatever the pattern: it is not made into a regular expression. */
function matches(pattern: string, name: string): boolean {
  let [at, inName] = [0, 0];
  let [star, afterStar] = [-1, 0];
  while (inName < name.length) {
    if (pattern[at] === '*') {
      star = at++;
      afterStar = inName;
    } else if (pattern[at] === name[inName]) {
      at++;
      inName++;
    } else if (star >= 0) {
      at = star + 1;
      inName = ++afterStar;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
