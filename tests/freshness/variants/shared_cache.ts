/** A cache that several workers share, as small as can be: GET, PUT and DELETE of a key, GET ?prefix= of the keys. */
export function startSharedCache(): { url: string } & AsyncDisposable {
  const kept = new Map<string, string>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const prefix = searchParams.get("prefix");
      if (prefix !== null) {
        return Response.json([...kept.keys()].filter((key) => key.startsWith(prefix)));
      }
      const key = decodeURIComponent(pathname.slice(1));
      if (request.method === "PUT") kept.set(key, await request.text());
      if (request.method === "DELETE") kept.delete(key);
      const value = kept.get(key);
      return new Response(value ?? null, { status: value === undefined ? 204 : 200 });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
