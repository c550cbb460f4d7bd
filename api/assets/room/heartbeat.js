// News both ways: the server pushes the clock whenever it says something else, and this page says every
// quarter of a minute that it is there and what waits. Without the line that stays open, it asks more often.
import { ApiError } from "./api.js";
/** @import { Api } from "./api.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { ClockView } from "./types.js" */

const EVERY_MS = 10_000;
const EVERY_PUSHED_MS = 15_000;
/** An event left the server some time before it was read: how long is not known. */
const ON_THE_WAY_MS = 5000;

/**
 * @param {Api} api @param {ServerClock} clock
 * @param {{
 *   news: () => {stream:number, waiting:number},
 *   onBeat: (read: ClockView, sent: number, received: number) => void,
 *   onKeys: (keys: Record<string, string>) => void,
 *   onMiss: (error: ApiError) => void
 * }} room
 * @returns {() => void} beats at once
 */
export function heartbeat(api, clock, room) {
  let timer = 0;
  let pushed = false;
  /** last answer of the server, and whether one failed to come since, by performance.now() */
  let heard = performance.now();
  let cut = false;
  /** @param {number} delay_ms */
  const again = (delay_ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => void beat(), delay_ms);
  };
  const usual_ms = () => {
    if (pushed) return EVERY_PUSHED_MS * (0.9 + Math.random() / 5);
    const until_ms = clock.untilStart_ms() ?? 0;
    // at the opening, pages ask for their key, spread over three seconds: the clock comes after
    if (until_ms > 0 && until_ms < EVERY_MS) return until_ms + 4000 + Math.random() * 3000;
    return EVERY_MS * (0.9 + Math.random() / 5);
  };
  const beat = async () => {
    again(2 * EVERY_MS);
    let delay_ms = 0;
    try {
      const offline_ms = cut ? Math.round(performance.now() - heard) : 0;
      const { data, sent, received } = await api.presence({ ...room.news(), offline_ms });
      heard = received;
      cut = false;
      room.onBeat(data, sent, received);
      delay_ms = usual_ms();
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError("server");
      cut ||= known.kind === "network";
      room.onMiss(known);
      delay_ms = Math.max(3000, known.retry_ms);
    }
    again(delay_ms);
  };
  const listen = () => {
    const source = new EventSource(api.events);
    source.addEventListener("open", () => (pushed = true));
    source.addEventListener("clock", (event) => {
      const received = performance.now();
      room.onBeat(JSON.parse(event.data), received - ON_THE_WAY_MS, received);
    });
    source.addEventListener("keys", (event) => room.onKeys(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      pushed = false;
      again(Math.min(usual_ms(), 3000 + Math.random() * 3000));
      // closed for good by the server, or by something on the way: the beats go on, and it may be back later
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 30_000 + Math.random() * 30_000);
    });
  };
  again(usual_ms());
  listen();
  return () => void beat();
}
