// Opens the exam room: reads the page, loads the paper, takes back what waits on this machine.
import { Api, ApiError } from "./api.js";
import { presentBrowser } from "./browser.js";
import { StepStore } from "./store.js";
import { ServerClock } from "./clock.js";
import { doorScreen, messageScreen } from "./screens.js";
import { M } from "./messages.js";
/** @import { RoomData } from "./types.js" */

const { attempt = "", csrf = "" } = document.body.dataset;
const main = document.getElementById("room");

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // kept by the browser's Back button: start afresh
});

/** @param {HTMLElement} place @param {Api} api @param {ServerClock} clock @returns {Promise<RoomData|null>} */
async function load(place, api, clock) {
  for (let failures = 0; ; failures += 1) {
    try {
      await presentBrowser(api);
      const { data, sent, received } = await api.room();
      clock.learn(data.clock, sent, received);
      return data;
    } catch (error) {
      const kind = error instanceof ApiError ? error.kind : "server";
      // a supervisor may let them in at any time: the page then opens by itself
      const text = kind === "refused" ? M.loadRefused : kind === "session" ? M.loadSession : M.loadFailed;
      const refused = error instanceof ApiError && kind === "door" ? error.message : "";
      // said once: a page that waits at the door is not read out again and again
      if (!refused) place.replaceChildren(messageScreen(text, kind === "session").element);
      else if (!place.textContent?.includes(refused)) place.replaceChildren(doorScreen(refused).element);
      if (kind === "refused") return null;
      const delay_ms = (kind === "door" ? 10_000 : Math.min(10_000, 500 * 2 ** failures)) * (0.5 + Math.random() / 2);
      await new Promise((resolve) => {
        setTimeout(resolve, Math.max(delay_ms, error instanceof ApiError ? error.retry_ms : 0));
        addEventListener("online", resolve, { once: true });
      });
    }
  }
}

/** @param {HTMLElement} place */
async function open(place) {
  place.replaceChildren(messageScreen(M.loading).element);
  const api = new Api(attempt, csrf, location.pathname);
  const clock = new ServerClock();
  try {
    // the rest of the code comes while the paper does; the room opens only when all of it is here
    const [store, data, { ExamRoom }] = await Promise.all([StepStore.open(attempt), load(place, api, clock), import("./room.js")]);
    if (data) await new ExamRoom(place, attempt, api, store, clock, data).open();
  } catch {
    place.replaceChildren(messageScreen(M.loadFailed).element);
    setTimeout(() => location.reload(), 3000 + Math.random() * 3000);
  }
}

if (main) void open(main);
