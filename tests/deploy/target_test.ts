import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { readTarget, splitPassword } from "../../scripts/deploy/target.ts";

const REF = "abcdefghijklmnopqrst";
const OTHER = "zyxwvutsrqponmlkjihg";
const pooler = (ref: string) =>
  `postgresql://postgres.${ref}:secret@aws-0-eu-central-1.pooler.supabase.com:5432/postgres`;
const own = (ref: string) => `postgresql://postgres:secret@db.${ref}.supabase.co:5432/postgres`;
const local = "postgresql://postgres:secret@127.0.0.1:5432/postgres";

Deno.test("a password is taken out of a connection string, however it stands in it", () => {
  const cases: [string, string, string | null][] = [
    ["postgresql://u:secret@h:5432/d", "postgresql://u@h:5432/d", "secret"],
    ["postgres://u:s%40c%2Fr@h/d", "postgres://u@h/d", "s@c/r"],
    ["postgresql://u:s@c/r:e?t#@h:5432/d", "postgresql://u@h:5432/d", "s@c/r:e?t#"],
    ["postgresql://u:50%@h/d", "postgresql://u@h/d", "50%"],
    ["postgresql://u@h/d?password=secret", "postgresql://u@h/d", "secret"],
    [
      "postgresql://u@h/d?password=s%40c&sslmode=require",
      "postgresql://u@h/d?sslmode=require",
      "s@c",
    ],
    [
      "postgresql://u@h/d?sslmode=require&password=secret",
      "postgresql://u@h/d?sslmode=require",
      "secret",
    ],
    ["postgresql://:secret@h/d", "postgresql://@h/d", "secret"],
    ["postgresql://u@h:5432/d", "postgresql://u@h:5432/d", null],
    ["postgresql://h:5432/d", "postgresql://h:5432/d", null],
  ];
  for (const [text, url, password] of cases) {
    deepStrictEqual(splitPassword(text), { url, password });
  }
});

Deno.test("a password among the arguments is refused, and one in the environment is not", () => {
  for (const database of [local, "postgresql://u@h/d?password=secret"]) {
    throws(() => readTarget({ remote: REF, database }, undefined), (error: Error) => {
      match(error.message, /give the connection string as SUPABASE_DB_URL/);
      strictEqual(error.message.includes("secret"), false);
      return true;
    });
    throws(
      () => readTarget({ remote: database, database: undefined }, undefined),
      /SUPABASE_DB_URL/,
    );
  }
  const target = readTarget({ remote: REF, database: undefined }, pooler(REF));
  strictEqual(target?.password, "secret");
  strictEqual(target?.database.includes("secret"), false);
});

Deno.test("the connection string of another project is refused", () => {
  const encoded = pooler(OTHER).replace("postgres.", "postgres%2E");
  const byParameter = `postgresql://h/d?user=postgres.${OTHER}`;
  for (const text of [pooler(OTHER), own(OTHER), encoded, byParameter]) {
    throws(
      () => readTarget({ remote: REF, database: undefined }, text),
      new RegExp(`is of the project ${OTHER}, and --remote names ${REF}`),
    );
  }
});

Deno.test("the connection string of the same project is taken, and nothing needs to be said", () => {
  for (const text of [pooler(REF), own(REF)]) {
    strictEqual(readTarget({ remote: REF, database: undefined }, text)?.unsure, null);
  }
});

Deno.test("a connection string that names no project is taken, and that is said", () => {
  const target = readTarget({ remote: REF, database: undefined }, local);
  match(target?.unsure ?? "", /names no project \(127\.0\.0\.1\): .* could not be compared/);
});

Deno.test("a database alone is enough for verify, and nothing at all is not", () => {
  deepStrictEqual(readTarget({ remote: undefined, database: undefined }, local), {
    ref: null,
    database: "postgresql://postgres@127.0.0.1:5432/postgres",
    password: "secret",
    unsure: null,
  });
  strictEqual(readTarget({ remote: undefined, database: undefined }, ""), null);
  throws(
    () => readTarget({ remote: "my-project", database: undefined }, undefined),
    /20 lower-case/,
  );
});
