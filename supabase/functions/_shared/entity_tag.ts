/**
 * Entity tags (RFC 9110, 8.8.3) of what belongs to one user. The user is in them: a browser that changed users would
 * else show the former user's body after a 304 (seen in Chromium, with `Vary` or without).
 */

import { createHash } from "node:crypto";
import { formatPosition, parsePosition, type Position } from "./position.ts";

/** A short name of a text that does not give it away: 96 bits of its SHA-256, in base64url. */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

/** `"<epoch>.<version>.<tag of the user id>"` */
export function entityTag(userId: string, position: Position): string {
  return `"${formatPosition(position)}.${shortHash(userId)}"`;
}

/** The tags of an `If-None-Match` header, without their `W/`: it compares weakly (RFC 9110, 13.1.2). */
function tagsOf(headers: Headers): string[] {
  return (headers.get("if-none-match") ?? "").match(/"[^"]*"/g) ?? [];
}

/** Whether the client has what `tag` names; `*`, which stands alone, says that it has whatever there is. */
export function hasTag(headers: Headers, tag: string): boolean {
  return headers.get("if-none-match")?.trim() === "*" ||
    tagsOf(headers).includes(tag);
}

/** The positions at which the client has an answer of this user: those of tags exactly as {@link entityTag} makes them. */
export function heldPositions(headers: Headers, userId: string): Position[] {
  return tagsOf(headers).flatMap((tag) => {
    const position = parsePosition(tag.slice(1, tag.lastIndexOf(".")));
    return position && entityTag(userId, position) === tag ? [position] : [];
  });
}
