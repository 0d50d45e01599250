import { deepStrictEqual, rejects } from "node:assert/strict";
import { pictureOf } from "../../scripts/demo_picture.ts";

const bytes = new Uint8Array([137, 80, 78, 71]);

Deno.test("the demo's picture", async (t) => {
  await t.step("is what the result holds", async () => {
    const picture = await pictureOf({ images: [{ b64_json: "iVBORw==" }] });
    deepStrictEqual([...picture], [...bytes]);
  });

  await t.step("is fetched where the provider only says where it lies", async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) =>
        new URL(request.url).pathname === "/a.png"
          ? new Response(bytes)
          : new Response("", { status: 404 }),
    );
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const picture = await pictureOf({ images: [{ url: `${origin}/a.png` }] });
    deepStrictEqual([...picture], [...bytes]);
    await rejects(pictureOf({ images: [{ url: `${origin}/b.png` }] }), /answered 404/);
  });

  await t.step("is missed by name where there is none", async () => {
    await rejects(pictureOf({ images: [] }), /holds no picture/);
  });
});
