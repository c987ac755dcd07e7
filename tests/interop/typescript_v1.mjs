// Drives a server with the TypeScript SDK v1: the client in most 2025-era hosts.
//
// Arguments: the node_modules directory, the endpoint's URL, a bearer token. Reads a list of
// [method of the client, ...arguments] as JSON from stdin; writes {tools, calls: [{result | error,
// progress}]}.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [modules, url, token] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require(
  "@modelcontextprotocol/sdk/client/streamableHttp.js",
);

const client = new Client({ name: "typescript-v1", version: "1.0.0" });
const headers = { Authorization: `Bearer ${token}` };
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
);

// From here on the client holds every result against the output schema of its tool.
const { tools } = await client.listTools();

const calls = [];
for (const [method, ...args] of JSON.parse(await text(process.stdin))) {
  const progress = [];
  const options = { onprogress: (report) => progress.push(report) };
  if (method === "callTool") args.push(undefined);
  try {
    calls.push({ result: await client[method](...args, options), progress });
  } catch (error) {
    calls.push({ error: String(error), progress });
  }
}
await client.close();
console.log(JSON.stringify({ tools, calls }));
