// Reads the server's clock every ten seconds; also tells whether the line is alive.
import { ApiError } from "./api.js";
/** @import { Api } from "./api.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { AttemptState, Clock } from "./types.js" */

const EVERY_MS = 10_000;

/**
 * @param {Api} api @param {ServerClock} clock
 * @param {(read: {state: AttemptState, clock: Clock, streams: number}, sent: number, received: number) => void} onBeat
 * @param {(error: ApiError) => void} onMiss
 * @returns {() => void} beats at once
 */
export function heartbeat(api, clock, onBeat, onMiss) {
  let timer = 0;
  /** @param {number} delay_ms */
  const again = (delay_ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => void beat(), delay_ms);
  };
  const usual_ms = () => {
    const until_ms = clock.untilStart_ms() ?? 0;
    // at the opening, pages ask for their key, spread over three seconds: the clock comes after
    if (until_ms > 0 && until_ms < EVERY_MS) return until_ms + 4000 + Math.random() * 3000;
    return EVERY_MS * (0.9 + Math.random() / 5);
  };
  const beat = async () => {
    again(2 * EVERY_MS);
    let delay_ms = 0;
    try {
      const { data, sent, received } = await api.clock();
      onBeat(data, sent, received);
      delay_ms = usual_ms();
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError("server");
      onMiss(known);
      delay_ms = Math.max(3000, known.retry_ms);
    }
    again(delay_ms);
  };
  again(usual_ms());
  return () => void beat();
}
