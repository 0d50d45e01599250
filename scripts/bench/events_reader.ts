/**
 * Reads streams for events.ts, in a process of its own: takes tokens as one line of JSON, opens a stream for each, says
 * "open" when all are greeted, and when its input ends, what it has read.
 */

const [url = ""] = Deno.args;
const EVENT = "event: account\n";
const CREATED_AT = '"created_at":"';
/** Streams that are opened at the same moment. */
const AT_ONCE = 20;

const delays: number[] = [];

/** None of the streams is to end before this program does. */
function fail(error: unknown): never {
  // deno-lint-ignore no-console -- its errors are for who started it.
  console.error(error);
  Deno.exit(1);
}

async function open(token: string, greeted: () => void): Promise<void> {
  const response = await fetch(`${url}/functions/v1/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.status !== 200 || !response.body) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body) {
    const now = Date.now();
    text += decoder.decode(chunk, { stream: true });
    for (let end; (end = text.indexOf("\n\n")) >= 0;) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.includes("event: hello\n")) greeted();
      else if (event.includes(EVENT)) {
        const from = event.indexOf(CREATED_AT) + CREATED_AT.length;
        delays.push(now - Date.parse(event.slice(from, event.indexOf('"', from))));
      }
    }
  }
  throw new Error("A stream has ended");
}

const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
let line = "";
while (!line.endsWith("\n")) line += (await input.read()).value ?? "";
const tokens: string[] = JSON.parse(line);
for (let from = 0; from < tokens.length; from += AT_ONCE) {
  await Promise.all(
    tokens.slice(from, from + AT_ONCE).map((token) => {
      const greeted = Promise.withResolvers<void>();
      open(token, greeted.resolve).catch(fail);
      return greeted.promise;
    }),
  );
}
await Deno.stdout.write(new TextEncoder().encode("open\n"));
while (!(await input.read()).done);
const answer = JSON.stringify({ delays: delays.toSorted((a, b) => a - b) });
await Deno.stdout.write(new TextEncoder().encode(`${answer}\n`));
Deno.exit(0); // which ends the streams
