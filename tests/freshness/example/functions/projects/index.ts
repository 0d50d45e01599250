import { z } from "zod";
import type { Endpoint } from "../../../../../supabase/functions/_shared/contract.ts";
import { fromEnvironment } from "../../../../../supabase/functions/_shared/environment.ts";
import { route, serve } from "../../../../../supabase/functions/_shared/serve.ts";
import { createViews } from "../../../../../supabase/functions/_shared/views.ts";

const projects: Endpoint = {
  id: "getProjects",
  summary: "The own projects",
  function: "projects",
  method: "GET",
  path: "",
  for: ["user"],
  validates: true,
  answers: { 200: z.object({ projects: z.array(z.object({ id: z.uuid(), name: z.string() })) }) },
  refusals: ["PROFILE_NOT_FOUND"],
};

const dependencies = fromEnvironment();
const view = createViews({ ...dependencies, maxBytes: 8 * 1024 * 1024 });

export default {
  fetch: serve(
    [route(projects, (request) => view("get_projects", {}, request))],
    dependencies,
  ),
};
