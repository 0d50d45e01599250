import { Buffer } from "node:buffer";

/** What a generation of images gave: each as the provider gives it, in itself or as where it lies. */
export interface Images {
  images: { b64_json?: string; url?: string }[];
}

/**
 * The first picture of a result.
 *
 * @throws {Error} when there is none, or when it cannot be fetched.
 */
export async function pictureOf({ images: [image] }: Images): Promise<Uint8Array> {
  if (image?.b64_json !== undefined) return Buffer.from(image.b64_json, "base64");
  if (image?.url === undefined) throw new Error("The result holds no picture");
  const response = await fetch(image.url);
  if (!response.ok) throw new Error(`${image.url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
