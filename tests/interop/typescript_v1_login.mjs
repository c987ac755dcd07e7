// A program with the TypeScript SDK v1 inside that is given nothing but the endpoint's URL.
//
// Arguments: the node_modules directory, the URL, a redirect URI, and the URL of the program's
// metadata document if it has one. Speaks in lines of JSON. Writes {visit: url} where its user is to
// go, and reads {code} or {error} as the answer. Reads {call: [name, arguments]}, and writes
// {result | error, client_id}.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [modules, url, redirectUrl, clientMetadataUrl] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { UnauthorizedError } = require("@modelcontextprotocol/sdk/client/auth.js");
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require(
  "@modelcontextprotocol/sdk/client/streamableHttp.js",
);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value ?? "null");
const write = (message) => console.log(JSON.stringify(message));

// What the program keeps, by the names of what the SDK asks it to forget.
const kept = {};
const authProvider = {
  redirectUrl,
  clientMetadataUrl,
  clientMetadata: {
    client_name: "Desktop assistant",
    redirect_uris: [redirectUrl],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  redirectToAuthorization: (visit) => write({ visit: String(visit) }),
  invalidateCredentials: (scope) => {
    for (const name of scope === "all" ? Object.keys(kept) : [scope]) delete kept[name];
  },
};

async function call(name, args) {
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
  const client = new Client({ name: "typescript-v1", version: "1.0.0" });
  try {
    await client.connect(transport);
    return await client.callTool({ name, arguments: args });
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const answer = await read();
    if (!answer.code) throw new Error(answer.error);
    await transport.finishAuth(answer.code);
    return await call(name, args);
  } finally {
    await client.close();
  }
}

for (let message = await read(); message; message = await read()) {
  try {
    write({ result: await call(...message.call), client_id: kept.client.client_id });
  } catch (error) {
    write({ error: String(error), client_id: kept.client?.client_id });
  }
}
