/** At most one notification in so many seconds, the newest: what a user's preferences can ask for. */

import type { Notification, Preferences } from "./feed.ts";

/**
 * Time is cut into windows of that length, and of each the newest goes out when the window has ended. So a reconnect needs
 * to remember nothing, and all of a user's tabs show the same.
 */
export class Throttle {
  #preferences: Preferences;
  #waiting: { notification: Notification; due: number } | null = null;
  #sentAt = -Infinity;

  constructor(preferences: Preferences) {
    this.#preferences = preferences;
  }

  /** Takes what the user wants from now on; what waits goes by it, too. */
  prefer(preferences: Preferences): void {
    this.#preferences = preferences;
    if (!this.#waiting) return;
    const { notification } = this.#waiting;
    this.#waiting = preferences.muted ? null : { notification, due: this.#dueOf(notification) };
  }

  /** The notification, where it may go at once; null where it has to wait, or is not wanted. */
  pass(notification: Notification): Notification | null {
    const { muted, min_interval_seconds } = this.#preferences;
    if (muted || min_interval_seconds === 0) {
      this.#waiting = null; // older than this one
      return muted ? null : notification;
    }
    // The newest takes the place of the one that waits, and its time: else a busy topic would never be due.
    this.#waiting = {
      notification,
      due: this.#waiting?.due ?? this.#dueOf(notification),
    };
    return null;
  }

  /** The notification that has waited long enough, once. */
  take(now: number): Notification | null {
    if (!this.#waiting || this.#waiting.due > now) return null;
    const { notification } = this.#waiting;
    this.#waiting = null;
    this.#sentAt = now;
    return notification;
  }

  /** Whether one waits: the cursor must not pass it. */
  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  #dueOf({ created_at }: Notification): number {
    const lengthMs = this.#preferences.min_interval_seconds * 1000;
    if (lengthMs === 0) return -Infinity;
    const windowEnd = (Math.floor(Date.parse(created_at) / lengthMs) + 1) *
      lengthMs;
    return Math.max(windowEnd, this.#sentAt + lengthMs);
  }
}
