/** A page of another origin, in a real browser: Debian's Chromium, driven by Playwright. */

import { type Browser, chromium, type Page } from "playwright-core";
import supabaseJs from "@supabase/supabase-js/dist/umd/supabase.js" with { type: "text" };

const EXECUTABLE = "/usr/bin/chromium";

/** Why there is no browser, or null. */
export async function whyNoBrowser(): Promise<string | null> {
  try {
    await Deno.stat(EXECUTABLE);
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `${EXECUTABLE} is not installed; it is in Debian's package chromium`;
  }
}

/** A page, and how to be rid of it. */
export interface ForeignPage extends AsyncDisposable {
  page: Page;
}

/** Opens a page that is served from a loopback origin of its own, with supabase-js in it as `window.supabase`. */
export async function openPage(): Promise<ForeignPage> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) =>
      new URL(url).pathname === "/supabase.js"
        ? new Response(supabaseJs, { headers: { "content-type": "text/javascript" } })
        : new Response('<!doctype html><title>app</title><script src="/supabase.js"></script>', {
          headers: { "content-type": "text/html" },
        }),
  );
  let browser: Browser | undefined;
  const dispose = async () => {
    await browser?.close();
    await server.shutdown();
  };
  try {
    // Its profile is a new folder of Playwright's, gone with it. Without these, it looks for hosts of its maker.
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    return { page, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What a page's fetch came to. */
export interface Seen {
  /** The message of fetch's TypeError: the browser let nothing through. */
  refused: string | null;
  status: number;
  /** The headers that the page may read. */
  headers: Record<string, string>;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  body: any;
}

/** `fetch` in the page. */
export async function fetchIn(page: Page, url: string, init: RequestInit): Promise<Seen> {
  return await page.evaluate(async ([url, init]) => {
    try {
      const response = await fetch(url, init);
      const type = response.headers.get("content-type") ?? "";
      const isStream = type.startsWith("text/event-stream");
      // A stream does not end: what is looked at is that it was answered.
      if (isStream) await response.body?.cancel();
      const text = isStream ? "" : await response.text();
      return {
        refused: null,
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: /json/.test(type) ? JSON.parse(text) : text || null,
      };
    } catch (error) {
      return { refused: String(error), status: 0, headers: {}, body: null };
    }
  }, [url, init] as const);
}
