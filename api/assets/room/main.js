// Opens the exam room: reads the page, loads the paper, takes back what waits on this machine.
import { Api, ApiError } from "./api.js";
import { presentBrowser } from "./browser.js";
import { StepStore } from "./store.js";
import { Vault } from "./vault.js";
import { Paper } from "./paper.js";
import { keepPage } from "./offline.js";
import { ServerClock } from "./clock.js";
import { doorScreen, messageScreen } from "./screens.js";
import { M } from "./messages.js";
/** @import { Kept } from "./vault.js" */
/** @import { RoomData } from "./types.js" */

const { attempt = "", csrf = "" } = document.body.dataset;
const main = document.getElementById("room");

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // kept by the browser's Back button: start afresh
});

/**
 * From the server; from what this machine keeps where the network is gone.
 * @param {HTMLElement} place @param {Api} api @param {ServerClock} clock @param {Kept|undefined} kept
 * @returns {Promise<{data:RoomData, offline:boolean}|null>}
 */
async function load(place, api, clock, kept) {
  for (let failures = 0; ; failures += 1) {
    try {
      await presentBrowser(api);
      const { data, sent, received } = await api.room();
      clock.learn(data.clock, sent, received);
      return { data, offline: false };
    } catch (error) {
      const kind = error instanceof ApiError ? error.kind : "server";
      const gone = kind === "network" || (["busy", "server"].includes(kind) && failures >= 2);
      if (kept && gone) {
        clock.restore(kept.data.clock, kept.ahead_ms);
        return { data: kept.data, offline: true };
      }
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
    const code = import("./room.js");
    const [store, vault] = await Promise.all([StepStore.open(attempt), Vault.open()]);
    const kept = await vault.sheet(attempt);
    const [found, { ExamRoom }] = await Promise.all([load(place, api, clock, kept), code]);
    if (!found) return;
    const { data, offline } = found;
    const paper = new Paper(api, vault);
    paper.set(data);
    if (offline && kept) await paper.unlock(kept.keys).catch(() => undefined); // what is not here comes with the network
    void keepPage();
    await new ExamRoom(place, attempt, api, store, clock, data, { vault, paper, offline }).open();
  } catch {
    place.replaceChildren(messageScreen(M.loadFailed).element);
    setTimeout(() => location.reload(), 3000 + Math.random() * 3000);
  }
}

if (main) void open(main);
