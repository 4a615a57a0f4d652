// What the conformance suite starts as "the client": hands its scenario to the spec that runs the suite, and waits for it.
const [port, serverUrl] = process.argv.slice(2);
const { MCP_CONFORMANCE_SCENARIO: scenario, MCP_CONFORMANCE_CONTEXT: context } = process.env;
const body = JSON.stringify({ scenario, serverUrl, context: context ? JSON.parse(context) : {} });
const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
console.log(await response.text());
process.exit(response.ok ? 0 : 1);
