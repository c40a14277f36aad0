// Fastify, @wecom/crypto and ioredis, two processes.

import cluster from "node:cluster";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decrypt, getSignature } from "@wecom/crypto";
import { XMLParser } from "fast-xml-parser";
import Fastify from "fastify";
import Redis from "ioredis";

const { PEER_REDIS, PEER_TOKEN, PEER_AES_KEY, PEER_CORP, PEER_PORT } = process.env;
const DEDUPE_FOR = 7 * 24 * 3600;

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  await serve();
}

async function serve() {
  const store = new Redis(PEER_REDIS);
  const lua = readFileSync(new URL("accept.lua", import.meta.url), "utf8");
  store.defineCommand("accept", { numberOfKeys: 2, lua });
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });
  const app = Fastify();
  app.addContentTypeParser("text/xml", { parseAs: "string" }, (_, body, done) => done(null, body));
  app.post("/callback/app", async (request, reply) => {
    const { msg_signature, timestamp, nonce } = request.query;
    const sealed = parser.parse(request.body).xml.Encrypt;
    if (getSignature(PEER_TOKEN, timestamp, nonce, sealed) !== msg_signature) {
      return reply.code(403).send();
    }
    const { message, id } = decrypt(PEER_AES_KEY, sealed);
    if (id !== PEER_CORP) {
      return reply.code(403).send();
    }
    const { Event = "", ChangeType = "", ExternalUserID = "" } = parser.parse(message).xml;
    const digest = createHash("sha256").update(message).digest("hex");
    await store.accept(`seen:${digest}`, "events", DEDUPE_FOR, Event, ChangeType, ExternalUserID, message);
    return reply.code(200).send();
  });
  await app.listen({ host: "127.0.0.1", port: Number(PEER_PORT) });
}
