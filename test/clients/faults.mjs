// What a client must have heard of `server-everything` through the gateway.
const EXPECTED = {
  echo: /^Echo: hello$/,
  long: /^Long running operation completed\. Duration: 0\.5 seconds, Steps: 5\.$/,
  resource: /^Resource 1: /,
  prompt: /^What's weather in Oslo\?$/,
};
const TOOLS = ['everything__echo', 'everything__trigger-long-running-operation'];

/**
 * @param heard what a client printed
 * @param revision that it was to speak
 * @returns one text for each thing that is not as it should be
 */
export function faultsIn(heard, revision) {
  const faults = [];
  const expect = (holds, what, got) => {
    if (!holds) faults.push(`${what}; got ${JSON.stringify(got)}`);
  };
  expect(heard.protocol === revision, `speaks ${revision}`, heard.protocol);
  for (const tool of TOOLS) expect(heard.tools?.includes(tool), `lists ${tool}`, heard.tools);
  for (const [key, pattern] of Object.entries(EXPECTED)) {
    expect(pattern.test(heard[key]), `${key} is like ${pattern}`, heard[key]);
  }
  expect(String(heard.progress) === '1,2,3,4,5', 'hears progress 1 to 5 in order', heard.progress);
  return faults;
}
