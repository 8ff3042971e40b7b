// Decrypts one compact JWE with the npm package `jose`: JSON in on stdin, JSON out on stdout.
import { createPrivateKey } from "node:crypto";
import { text } from "node:stream/consumers";
import { compactDecrypt } from "jose";

const { jwe, privateKeyPem } = JSON.parse(await text(process.stdin));
const { plaintext, protectedHeader } = await compactDecrypt(jwe, createPrivateKey(privateKeyPem), {
  keyManagementAlgorithms: ["RSA-OAEP-256"],
  contentEncryptionAlgorithms: ["A256CBC-HS512"],
});
process.stdout.write(JSON.stringify({ plaintext: Buffer.from(plaintext).toString("base64"), protectedHeader }));
