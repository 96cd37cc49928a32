// Writes schema.graphql: the part of GitHub's published schema that the documents in this folder
// touch. `--check` writes nothing and fails when the file on disk is not what would be written.
//
// What GitHub has and the published schema lacks stands in supplement.graphql and counts as published.
//
// Kept: every field and argument a document names, every type that may stand for an interface or a
// union it meets, all values of an enum, and of an interface what its kept types must then have.
// Dropped: everything else, with all descriptions. Both the published schema and the pruned one have
// to accept every document.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Kind, TypeInfo, buildASTSchema, getNamedType, isInputObjectType, isInterfaceType,
  isAbstractType, isObjectType, isRequiredArgument, isRequiredInputField, isSpecifiedScalarType,
  parse, print, validate, visit, visitWithTypeInfo,
} from 'graphql';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, 'schema.graphql');
const origin = join(here, 'node_modules/@octokit/graphql-schema');
const version = JSON.parse(readFileSync(join(origin, 'package.json'), 'utf8')).version;

/** When the pinned version was published; the package itself does not say. */
const PUBLISHED = { '15.26.1': '2025-12-31' };
if (!PUBLISHED[version]) fail(`write down in prune.mjs when @octokit/graphql-schema ${version} was published`);

const published = parse(readFileSync(join(origin, 'schema.graphql'), 'utf8'), { noLocation: true });
const supplement = parse(readFileSync(join(here, 'supplement.graphql'), 'utf8'), { noLocation: true });
for (const definition of supplement.definitions) {
  const { kind, name, fields } = definition;
  if ([Kind.OBJECT_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.UNION_TYPE_DEFINITION].includes(kind)) {
    if (published.definitions.some((one) => one.name?.value === name.value)) {
      fail(`${name.value} is published by now: take it out of supplement.graphql`);
    }
    published.definitions.push(definition);
    continue;
  }
  if (kind !== Kind.OBJECT_TYPE_EXTENSION) fail('supplement.graphql may only add and extend types');
  const extended = published.definitions.find((one) => one.kind === Kind.OBJECT_TYPE_DEFINITION && one.name.value === name.value);
  const known = fields.find((field) => extended.fields.some((one) => one.name.value === field.name.value));
  if (known) fail(`${name.value}.${known.name.value} is published by now: take it out of supplement.graphql`);
  extended.fields = [...extended.fields, ...fields];
}
// The published file defines two fields twice, which a strict reader refuses.
const schema = buildASTSchema(published, { assumeValidSDL: true });

const documents = readdirSync(here)
  .filter((file) => file.endsWith('.graphql') && !['schema.graphql', 'supplement.graphql'].includes(file))
  .sort()
  .map((file) => ({ file, ast: parse(readFileSync(join(here, file), 'utf8')) }));

accept(schema, 'the published schema');

// ---------------------------------------------------------------- what the documents touch

/** Type name to kept fields (or input fields), each with its kept arguments. */
const kept = new Map();

function keep(type) {
  const named = getNamedType(type);
  if (isSpecifiedScalarType(named) || kept.has(named.name)) return;
  kept.set(named.name, new Map());
  if (isAbstractType(named)) schema.getPossibleTypes(named).forEach(keep);
  if (isInputObjectType(named)) {
    for (const field of Object.values(named.getFields())) {
      if (isRequiredInputField(field)) keepField(named, field);
    }
  }
}

function keepField(type, field) {
  keep(type);
  const fields = kept.get(type.name);
  if (!fields.has(field.name)) fields.set(field.name, new Set());
  keep(field.type);
  for (const argument of field.args ?? []) {
    if (isRequiredArgument(argument)) keepArgument(type, field, argument);
  }
}

function keepArgument(type, field, argument) {
  kept.get(type.name).get(field.name).add(argument.name);
  keep(argument.type);
}

for (const { ast } of documents) {
  const info = new TypeInfo(schema);
  visit(ast, visitWithTypeInfo(info, {
    Field() {
      const field = info.getFieldDef();
      if (!field.name.startsWith('__')) keepField(info.getParentType(), field);
    },
    Argument() {
      const argument = info.getArgument();
      if (argument && !info.getDirective()) keepArgument(info.getParentType(), info.getFieldDef(), argument);
    },
    ObjectField(node) {
      const type = getNamedType(info.getParentInputType());
      keepField(type, type.getFields()[node.name.value]);
    },
    NamedType() {
      const type = info.getType() ?? info.getInputType();
      if (type) keep(type);
    },
  }));
}

// Nothing may be left without a field, and a type has the fields of the interfaces it keeps.
for (const name of kept.keys()) {
  const type = schema.getType(name);
  if ((isObjectType(type) || isInterfaceType(type)) && kept.get(name).size === 0) {
    const fields = Object.values(type.getFields());
    const plain = (field) => field.args.length === 0 && isSpecifiedScalarType(getNamedType(field.type));
    keepField(type, type.getFields().id ?? fields.find(plain));
  }
}
for (const name of kept.keys()) {
  const type = schema.getType(name);
  if (!isObjectType(type) || type === schema.getQueryType()) continue;
  for (const parent of type.getInterfaces().filter((one) => kept.has(one.name))) {
    for (const [field, args] of kept.get(parent.name)) {
      keepField(type, type.getFields()[field]);
      args.forEach((argument) => kept.get(name).get(field).add(argument));
    }
  }
}

// ---------------------------------------------------------------- the pruned schema

/** GitHub's `Query` calls itself a node, which none of our documents asks it as. */
const isRoot = (definition) => definition.name.value === schema.getQueryType().name;
const byName = (a, b) => (a.name.value < b.name.value ? -1 : 1);
const bare = (node) => ({
  ...node,
  description: undefined,
  directives: node.directives?.filter((directive) => directive.name.value === 'deprecated'),
});

function prunedFields(definition, fields) {
  const seen = new Set();
  return definition.fields
    .filter(({ name: { value } }) => fields.has(value) && !seen.has(value) && seen.add(value))
    .map((field) => ({
      ...bare(field),
      arguments: field.arguments?.filter(({ name }) => fields.get(field.name.value).has(name.value)).map(bare),
    }))
    .sort(byName);
}

const definitions = published.definitions
  .filter((definition) => kept.has(definition.name?.value) && definition.kind !== Kind.DIRECTIVE_DEFINITION)
  .map((definition) => ({
    ...bare(definition),
    fields: definition.fields && prunedFields(definition, kept.get(definition.name.value)),
    interfaces: isRoot(definition) ? [] : definition.interfaces?.filter(({ name }) => kept.has(name.value)),
    values: definition.values?.map(bare),
  }))
  .sort(byName);

const pruned = `# The part of GitHub's GraphQL schema that the documents in this folder touch.
# Origin: npm @octokit/graphql-schema ${version}, published ${PUBLISHED[version]}, and supplement.graphql.
# Generated by prune.mjs (npm run prune), so do not edit it.

${definitions.map(print).join('\n\n')}
`;

accept(buildASTSchema(parse(pruned)), 'the pruned schema');

if (!process.argv.includes('--check')) {
  writeFileSync(target, pruned);
  console.log(`schema.graphql: ${definitions.length} types, ${pruned.length} bytes`);
} else if (readFileSync(target, 'utf8') !== pruned) {
  fail('schema.graphql is stale: run `npm run prune` in github-queries');
}

function accept(schema, name) {
  for (const { file, ast } of documents) {
    for (const error of validate(schema, ast)) fail(`${name} refuses ${file}: ${error.message}`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
