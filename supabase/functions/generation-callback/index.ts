import { fromEnvironment } from "../_shared/environment.ts";
import { generationCallback } from "./handler.ts";
import { createVerifier } from "./signature.ts";

const dependencies = fromEnvironment();

export default {
  fetch: generationCallback({
    ...dependencies,
    auth: {
      ...dependencies.auth,
      verifySignature: createVerifier(
        Deno.env.get("GENERATION_CALLBACK_SECRET") ?? "",
      ),
    },
  }),
};
