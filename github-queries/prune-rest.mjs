// Prunes GitHub's published description of its REST API (npm's @octokit/openapi, which is too large to be a
// dependency) to the responses that Dispatch reads: `node prune-rest.mjs path/to/api.github.com.json`.
import { readFileSync, writeFileSync } from 'node:fs';

const description = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const RESPONSES = [
  ['get', '/repos/{owner}/{repo}/actions/workflows', '200'],
  ['get', '/repos/{owner}/{repo}/actions/runs', '200'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}', '200'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}/jobs', '200'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts', '200'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments', '200'],
  ['post', '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', '200'],
  ['get', '/repos/{owner}/{repo}/commits', '200'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/check-runs', '200'],
  ['get', '/repos/{owner}/{repo}/releases', '200'],
  ['get', '/repos/{owner}/{repo}/pulls', '200'],
  ['get', '/repos/{owner}/{repo}/deployments', '200'],
  ['get', '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses', '200'],
  ['get', '/repos/{owner}/{repo}/contents/{path}', '200'],
  ['get', '/orgs/{org}/packages', '200'],
  ['get', '/orgs/{org}/packages/{package_type}/{package_name}/versions', '200'],
];

const KEPT = ['type', 'nullable', 'required', 'properties', 'items', 'enum', 'oneOf', 'anyOf', 'allOf', '$ref'];
const schemas = {};

function prune(schema) {
  if (Array.isArray(schema)) return schema.map(prune);
  if (schema === null || typeof schema !== 'object') return schema;
  const out = {};
  for (const key of KEPT) {
    if (!(key in schema)) continue;
    if (key === 'properties') {
      // Members that may be absent are not checked: nothing depends on them.
      const kept = Object.entries(schema.properties).filter(([name]) => schema.required?.includes(name));
      out.properties = Object.fromEntries(kept.map(([name, value]) => [name, prune(value)]));
    } else if (key === '$ref') {
      const name = schema.$ref.split('/').pop();
      out.$ref = name;
      if (!(name in schemas)) {
        schemas[name] = null;
        schemas[name] = prune(description.components.schemas[name]);
      }
    } else if (['type', 'nullable', 'required', 'enum'].includes(key)) {
      out[key] = schema[key];
    } else {
      out[key] = prune(schema[key]);
    }
  }
  return out;
}

const responses = {};
for (const [method, path, status] of RESPONSES) {
  let response = description.paths[path][method].responses[status];
  if (response.$ref) response = description.components.responses[response.$ref.split('/').pop()];
  responses[`${method} ${path}`] = prune(response.content['application/json'].schema);
}
const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(new URL('rest.json', import.meta.url), `${JSON.stringify({ responses, schemas: sorted }, null, 1)}\n`);
