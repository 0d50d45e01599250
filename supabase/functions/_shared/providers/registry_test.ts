import { match, ok, strictEqual, throws } from "node:assert/strict";
import { type Provider, ProviderError } from "./provider.ts";
import { PROVIDERS, providersFromEnvironment } from "./registry.ts";

const images = {
  GENERATION_API_URL: "https://api.example/v1",
  GENERATION_API_KEY: "key",
  GENERATION_MODEL: "painter",
};
const callback = {
  SUPABASE_URL: "https://p.example",
  GENERATION_CALLBACK_PROVIDER_URL: "https://render.example/jobs",
  GENERATION_CALLBACK_SECRET: `whsec_${btoa("s".repeat(32))}`,
};
const environment = (variables: Record<string, string>) => (name: string) => variables[name];

/** Why there is no such provider. */
function missing(
  find: (name: string | null) => Provider,
  name: string | null,
): string {
  try {
    find(name);
  } catch (error) {
    ok(error instanceof ProviderError);
    strictEqual(error.reason, "provider_not_configured");
    return String(error.cause);
  }
  throw new Error(`There is a provider ${name}`);
}

Deno.test("a worker has the providers whose variables are set, and says of others what to set", () => {
  const find = providersFromEnvironment(environment(images));
  ok(find("images"));
  match(
    missing(find, "chat"),
    /set GENERATION_CHAT_API_URL, GENERATION_CHAT_API_KEY/,
  );
  match(
    missing(find, "callback"),
    /set GENERATION_CALLBACK_PROVIDER_URL, GENERATION_CALLBACK_SECRET/,
  );
});

Deno.test("a worker without images works with the others", () => {
  const find = providersFromEnvironment(environment(callback));
  ok(find("callback"));
  match(missing(find, "images"), /GENERATION_API_URL/);
});

Deno.test("an empty variable is not set", () => {
  const find = providersFromEnvironment(
    environment({ ...callback, ...images, GENERATION_MODEL: "" }),
  );
  match(missing(find, "images"), /set GENERATION_MODEL$/);
});

Deno.test("no provider has a name that nobody gave one, or that of a member of every object", () => {
  const find = providersFromEnvironment(environment(images));
  for (const name of ["imagse", "constructor", "__proto__", ""]) {
    match(missing(find, name), /There is no provider/);
  }
  match(missing(find, null), /type is gone/);
});

Deno.test("a worker with no provider at all does not start, and says what each needs", () => {
  throws(
    () =>
      providersFromEnvironment(
        environment({ SUPABASE_URL: "https://p.example" }),
      ),
    /No provider is set up: for images, GENERATION_API_URL.* is not set; for chat, .* for callback, /,
  );
});

Deno.test("an app's own provider is one entry", () => {
  const own: Provider = { start: () => Promise.resolve({ handedOver: true }) };
  const definitions = {
    ...PROVIDERS,
    own: { needs: ["OWN_KEY"], create: () => own },
  };
  const find = providersFromEnvironment(
    environment({ OWN_KEY: "x" }),
    definitions,
  );
  strictEqual(find("own"), own);
});

Deno.test("a secret that nobody could sign by is like none: nothing is handed over for it", () => {
  for (const secret of ["short", "whsec_abc", ","]) {
    const find = providersFromEnvironment(
      environment({ ...callback, ...images, GENERATION_CALLBACK_SECRET: secret }),
    );
    match(missing(find, "callback"), /GENERATION_CALLBACK_SECRET/);
    ok(find("images"));
  }
});
