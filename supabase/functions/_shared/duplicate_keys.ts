/** Finds what `JSON.parse` hides: of a key that stands twice in an object, it silently takes the last. */

/** A string, with the colon that makes it a key, or what opens, parts or closes. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\],]/g;

interface Nest {
  path: string;
  /** The keys so far; null in an array. */
  keys: Set<string> | null;
  /** What the next value is called. */
  name: string | number;
}

/**
 * The path of the first key that its object has twice, such as `input.size`, or null.
 *
 * @param json What `JSON.parse` takes: nothing else of it is checked here.
 */
export function duplicateKey(json: string): string | null {
  const nests: Nest[] = [];
  for (const [token, colon] of json.matchAll(TOKEN)) {
    const nest = nests.at(-1);
    if (token === "{") {
      nests.push({ path: pathOf(nest), keys: new Set(), name: "" });
    } else if (token === "[") {
      nests.push({ path: pathOf(nest), keys: null, name: 0 });
    } else if (token === "}" || token === "]") nests.pop();
    else if (token === ",") {
      if (typeof nest?.name === "number") nest.name++;
    } else if (colon !== undefined && nest?.keys) {
      // Escapes are undone first: "a" and "\u0061" are one key.
      const key: string = JSON.parse(token.slice(0, -colon.length));
      nest.name = key;
      if (nest.keys.has(key)) return pathOf(nest);
      nest.keys.add(key);
    }
  }
  return null;
}

/** Where the next value of `nest` lies. */
function pathOf(nest: Nest | undefined): string {
  return nest ? (nest.path === "" ? `${nest.name}` : `${nest.path}.${nest.name}`) : "";
}
