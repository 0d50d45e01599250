import { Worker } from "node:worker_threads";
import type { ImageServerOptions } from "./image_server.ts";

/** A running image server. */
export interface ImageServer {
  /** Such as `http://127.0.0.1:40001`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts image_server.ts in a thread of its own and waits until it listens. */
export async function startImageServer(options: ImageServerOptions): Promise<ImageServer> {
  const thread = new Worker(new URL("image_server.ts", import.meta.url), { workerData: options });
  const port = await new Promise<number>((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
  return { url: `http://127.0.0.1:${port}`, stop: async () => void await thread.terminate() };
}
