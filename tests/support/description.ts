/**
 * The OpenAPI description as a judge: every answer that a test receives must be one that the description allows. It is
 * read stricter than it is written: a field that it does not name is a field that leaked.
 */

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describeApi } from "../../supabase/functions/_shared/openapi.ts";

// deno-lint-ignore no-explicit-any -- an OpenAPI document.
type Json = any;

const description: Json = forbidUnnamedFields(describeApi());
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(description, "description");

const paths = Object.keys(description.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}/?$`),
}));

const compiled = new Map<string, ValidateFunction>();

/** Throws where the description does not allow this answer. Routes and methods that it does not name are not judged. */
export function assertDescribed(
  method: string,
  url: string,
  status: number,
  mediaType: string | null,
  body: unknown,
): void {
  const pathname = url.split("?")[0] ?? "";
  const path = paths.find(({ pattern }) => pattern.test(pathname))?.path;
  const operation = path && description.paths[path][method.toLowerCase()];
  if (!operation) return;
  const type = mediaType?.split(";")[0] ?? "";
  const schema = operation.responses[status]?.content?.[type]?.schema;
  const where = `${method} ${pathname} ${status} ${type}`;
  if (!schema) throw new Error(`The description has no answer ${where}: ${JSON.stringify(body)}`);
  const pointer = [
    "paths",
    path,
    method.toLowerCase(),
    "responses",
    String(status),
    "content",
    type,
    "schema",
  ]
    .map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent).join(
      "/",
    );
  let validate = compiled.get(pointer);
  if (!validate) {
    validate = ajv.compile({ $ref: `description#/${pointer}` });
    compiled.set(pointer, validate);
  }
  if (!validate(body)) {
    throw new Error(
      `${where} is not as described: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`,
    );
  }
}

function forbidUnnamedFields(value: Json): Json {
  const answers = (name: string) => !/Request$|^Problem$|^Openapi$/.test(name);
  const close = (schema: Json): void => {
    if (typeof schema !== "object" || schema === null) return;
    if (schema.properties && schema.additionalProperties === undefined) {
      schema.additionalProperties = false;
    }
    for (const member of Object.values(schema)) close(member);
  };
  for (const [name, schema] of Object.entries(value.components.schemas)) {
    if (answers(name)) close(schema);
  }
  return value;
}
