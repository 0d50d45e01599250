/** The providers that there are, and which of them this worker can work with. An app adds its own in {@linkcode PROVIDERS}. */

import { callbackProvider } from "./callback.ts";
import { openaiChat } from "./chat.ts";
import { openaiImages } from "./images.ts";
import { readSecrets } from "../webhook_secrets.ts";
import { type Provider, ProviderError } from "./provider.ts";

/** A variable of the environment; undefined or empty where it is not set. */
export type Environment = (name: string) => string | undefined;

export interface Definition {
  /** The variables that it cannot do without. */
  needs: readonly string[];
  /** Makes it, where all of those are set. @throws {Error} where one of them is no good; then it is not set up. */
  create(get: (name: string) => string, environment: Environment): Provider;
}

/** By the name that `generation_types.provider` has for each. */
export const PROVIDERS: Record<string, Definition> = {
  images: {
    needs: ["GENERATION_API_URL", "GENERATION_API_KEY", "GENERATION_MODEL"],
    create: (get) =>
      openaiImages({
        url: get("GENERATION_API_URL"),
        key: get("GENERATION_API_KEY"),
        model: get("GENERATION_MODEL"),
      }),
  },
  chat: {
    needs: [
      "GENERATION_CHAT_API_URL",
      "GENERATION_CHAT_API_KEY",
      "GENERATION_CHAT_MODEL",
    ],
    create: (get) =>
      openaiChat({
        url: get("GENERATION_CHAT_API_URL"),
        key: get("GENERATION_CHAT_API_KEY"),
        model: get("GENERATION_CHAT_MODEL"),
      }),
  },
  callback: {
    // Without the secret, generation-callback could believe nobody.
    needs: ["GENERATION_CALLBACK_PROVIDER_URL", "GENERATION_CALLBACK_SECRET"],
    create: (get, environment) => {
      if (readSecrets(get("GENERATION_CALLBACK_SECRET")).length === 0) {
        throw new Error("GENERATION_CALLBACK_SECRET names no secret");
      }
      return callbackProvider({
        url: get("GENERATION_CALLBACK_PROVIDER_URL"),
        key: environment("GENERATION_CALLBACK_PROVIDER_KEY") || null,
        callbackUrl: `${
          (environment("SUPABASE_PUBLIC_URL") || get("SUPABASE_URL")).replace(
            /\/+$/,
            "",
          )
        }/functions/v1/generation-callback`,
      });
    },
  },
};

/**
 * The provider of this name.
 *
 * @throws {ProviderError} `provider_not_configured`, whose cause says what to set.
 */
export type FindProvider = (name: string | null) => Provider;

/**
 * The providers whose variables are set. One whose are not is missed only by who asks for it.
 *
 * @throws {Error} when there is none at all: nothing could be generated.
 */
export function providersFromEnvironment(
  environment: Environment,
  definitions = PROVIDERS,
): FindProvider {
  const get = (name: string) => {
    const value = environment(name);
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const all = new Map(Object.entries(definitions));
  const missing = ({ needs }: Definition) => needs.filter((name) => !environment(name));
  const providers = new Map<string, Provider>();
  const faults = new Map<string, unknown>();
  for (const [name, definition] of all) {
    if (missing(definition).length > 0) continue;
    try {
      providers.set(name, definition.create(get, environment));
    } catch (error) {
      faults.set(name, error);
    }
  }
  if (providers.size === 0) {
    const each = [...all].map(([name, definition]) =>
      faults.has(name)
        ? `${name}: ${faults.get(name)}`
        : `for ${name}, ${missing(definition).join(", ")} is not set`
    );
    throw new Error(
      `No provider is set up: ${
        each.join("; ")
      }. supabase/functions/.env.example says what they are`,
    );
  }

  return (name) => {
    const provider = name === null ? undefined : providers.get(name);
    if (provider) return provider;
    const definition = name === null ? undefined : all.get(name);
    throw new ProviderError("provider_not_configured", {
      cause: name === null
        ? "The generation's type is gone, and with it the name of its provider"
        : faults.has(name)
        ? faults.get(name)
        : definition
        ? `The provider ${name} is not set up: set ${missing(definition).join(", ")}`
        : `There is no provider ${name}: _shared/providers/registry.ts has them`,
    });
  };
}
