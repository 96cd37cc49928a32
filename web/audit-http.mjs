// Checks a running service against the GraphQL over HTTP specification, with the audits of the npm package
// `graphql-http`.
//
//   node audit-http.mjs http://127.0.0.1:3000/graphql
//
// Fails if any audit is not ok. Warnings and notices count as errors. The totals are printed at the end.
import { auditServer } from "graphql-http";

const url = process.argv[2];
if (!url) {
  console.error("usage: node audit-http.mjs <address of /graphql>");
  process.exit(2);
}

const results = await auditServer({ url });
const broken = results.filter((result) => result.status !== "ok");
for (const { id, name, status, reason } of broken)
  console.error(`${status} ${id} ${name}: ${reason}`);
console.log(`${results.length - broken.length} passed, ${broken.length} failed`);
if (results.length === 0 || broken.length > 0) process.exitCode = 1;
