// Screens before and after the questions, and the summary before handing in.
import { h, prose, button, ask, openDialog } from "./dom.js";
import { M } from "./messages.js";
import { canOpen } from "./sealed.js";
/** @import { Progress } from "./paper.js" */
/** @import { Status } from "./queue.js" */
/** @import { Receipt, Room, RoomData, Stop } from "./types.js" */

const home = () => document.body.dataset.home || "/";

/** @param {string} title @param {...(Node|string|null|undefined|false)} children */
function screen(title, ...children) {
  const heading = h("h1", { tabindex: "-1" }, title);
  return { element: h("div", { class: "room-screen" }, heading, ...children), heading };
}

/** @param {string} text @param {boolean} [again] offer to sign in */
export function messageScreen(text, again = false) {
  return screen(text, again && h("p", {}, h("a", { class: "btn btn--primary", href: home() }, M.reconnect)));
}

/** Who is not let in: why, and the link that opens the right browser, if there is one. @param {string} why */
export function doorScreen(why) {
  const link = document.body.dataset.browser;
  return screen(M.doorTitle, h("p", { role: "alert" }, why), h("p", { class: "hint" }, M.doorWaits),
    link ? h("p", {}, h("a", { class: "btn btn--primary", href: link }, M.openBrowser)) : null);
}

/** @param {RoomData} room @param {() => void} start @param {Progress|null} progress of the paper's download */
export function beforeScreen(room, start, progress) {
  const { clock } = room;
  const countdown = h("p", { class: "room-screen__wait", role: "timer", "aria-live": "off" });
  const extra_ms = clock.accommodation_ms + clock.extension_ms + clock.compensation_ms;
  const paper = h("p", { class: "room-screen__paper", role: "status" });
  const bar = h("progress", { class: "room-screen__progress", max: "100", "aria-label": M.paperProgress, hidden: true });
  /** @param {Progress|null} now */
  const tell = (now) => {
    const percent = now && now.total > 0 ? Math.floor((100 * now.done) / now.total) : 0;
    const text = !canOpen() ? M.unable : now?.ready ? M.paperReady : now ? M.paperDownload : M.paperSoon;
    if (paper.textContent !== text) paper.textContent = text; // said once; the percentage is only shown
    bar.hidden = !now || now.ready;
    bar.value = percent;
    bar.textContent = `${percent} %`;
    bar.title = bar.textContent;
    amount.textContent = bar.hidden ? "" : ` ${percent} %`;
  };
  const amount = h("span", { class: "num", "aria-hidden": "true" });
  const go = room.state === "ready" ? button(M.start, start, "btn--primary room-screen__start") : null;
  const view = screen(room.exam_title,
    h("p", { class: "lead" }, room.section_title),
    h("dl", { class: "facts" },
      fact(M.candidate, `${room.candidate_name}, ${room.candidate_number}`),
      fact(M.time, M.duration(clock.duration_ms + extra_ms) + (extra_ms > 0 ? `, ${M.accommodation(M.duration(extra_ms))}` : "")),
      room.question_count > 0 && fact("Questions", String(room.question_count))),
    room.instructions_html.trim() && h("section", {}, h("h2", {}, M.instructions), prose(room.instructions_html)),
    h("div", { class: "room-screen__end" },
      h("p", { class: "room-screen__state", role: "status" }, h("strong", {}, room.state === "ready" ? M.ready : M.waiting)),
      h("p", { class: "hint" }, room.state === "ready" ? M.readyHint : M.waitingHint), countdown,
      h("div", { class: "room-screen__download" }, paper, bar, amount), h("p", { class: "hint" }, M.localHint), go));
  tell(progress);
  /** @param {number|null} until_ms */
  const tick = (until_ms) => {
    countdown.hidden = until_ms === null || until_ms <= 0 || room.state === "ready";
    if (until_ms !== null) countdown.textContent = M.startsIn(M.duration(until_ms));
  };
  return { ...view, tick, tell };
}

/** @param {string} label @param {string} value */
const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));

/**
 * @param {Room} room
 * @param {Status} status
 * @param {{back: () => void, handIn: () => void}} on
 */
export function summaryScreen(room, status, on) {
  const { model } = room;
  const { answered, empty, flagged, hidden } = model.summary();
  /** @param {string} title @param {Stop[]} stops */
  const links = (title, stops) => stops.length > 0 && h("section", {}, h("h2", {}, title), h("ul", { class: "room-links" },
    ...stops.map((s) => h("li", {}, button(String(s.number), () => room.go(s.question), "btn--small")))));
  const waiting = status.answers > 0;
  const view = screen(M.summaryTitle,
    h("p", { class: "lead" }, M.summaryLead),
    h("dl", { class: "stats" },
      figure(M.answeredLabel, answered), figure(M.emptyLabel, empty.length), figure(M.flaggedLabel, flagged.length),
      hidden > 0 && figure(M.hiddenLabel, hidden), waiting && figure(M.pendingLabel, status.answers)),
    waiting && h("p", { class: "alert alert--warning" }, M.pendingHint),
    hidden > 0 && h("p", { class: "hint" }, M.hiddenHint),
    links(M.emptyLabel, empty), links(M.flaggedLabel, flagged),
    h("div", { class: "btn-row room-screen__end" },
      button(M.handInNow, () => ask({
        title: M.handInTitle, ok: M.handInOk, cancel: M.cancel,
        lines: [M.handInLine, ...(empty.length > 0 ? [M.handInEmpty(empty.length)] : []), ...(hidden > 0 ? [M.handInHidden(hidden)] : [])],
      }, on.handIn), "btn--primary"),
      button(M.backToQuestions, on.back)));
  view.element.querySelectorAll(".room-links").forEach((list) => list.querySelectorAll("button").forEach((b) => b.setAttribute("aria-label", M.question(Number(b.textContent)))));
  return view;
}

/** @param {string} label @param {number} value */
const figure = (label, value) => h("div", { class: "stat" }, h("dt", {}, label), h("dd", {}, String(value)));

/** The hand-in is on this machine, not yet on the server. @param {() => void} saveQueue @returns {{element:HTMLElement, heading:HTMLElement, refresh:(status:Status) => void}} */
export function handingInScreen(saveQueue) {
  const more = h("p", { class: "alert alert--warning", role: "status", hidden: true });
  const save = h("p", { hidden: true }, button(M.saveQueue, saveQueue, "btn--small"));
  const view = screen(M.handingIn, h("p", { class: "lead" }, M.handingInHint), more, save);
  return { ...view, refresh: (status) => {
    const trouble = status.kind !== "sending" && status.kind !== "saved";
    more.hidden = !trouble;
    save.hidden = !trouble;
    if (trouble && !more.textContent) more.textContent = M.handingInOffline;
  } };
}

/**
 * After the end: handed in, or time is up.
 * @param {RoomData} room
 * @param {{answered:number, at_ms:number|null, receipt:Receipt|null}} facts
 * @param {() => void} saveQueue writes what waits into a file
 */
export function endScreen(room, facts, saveQueue) {
  const handedIn = room.state === "handed_in";
  const rest = h("p", { role: "status" });
  const save = h("p", { hidden: true }, button(M.saveQueue, saveQueue, "btn--small"));
  const view = screen(handedIn ? M.handedIn : M.closed,
    h("p", { class: "lead" }, handedIn ? (facts.at_ms === null ? "" : M.handedInAt(M.hour(facts.at_ms))) : M.closedHint),
    h("dl", { class: "facts" }, fact(M.candidate, `${room.candidate_name}, ${room.candidate_number}`),
      fact(handedIn ? M.answersReceived : M.answeredLabel, `${facts.answered} / ${room.question_count}`),
      handedIn && facts.receipt && fact(M.receipt, facts.receipt.code)),
    handedIn && facts.receipt && h("p", { class: "hint" }, M.receiptHint(facts.receipt.position)),
    rest, save, handedIn && h("p", { class: "hint" }, M.handedInHint),
    h("div", { class: "btn-row room-screen__end" }, h("a", { class: "btn btn--primary", href: home() }, M.backHome)));
  let waited = false;
  /** @param {Status} status */
  const refresh = (status) => {
    waited ||= status.steps > 0;
    rest.className = status.steps > 0 ? "alert alert--warning" : waited ? "alert alert--success" : "";
    const text = status.steps > 0 ? M.closedPending(Math.max(1, status.answers)) : waited ? M.closedFlushed : "";
    if (rest.textContent !== text) rest.textContent = text;
    save.hidden = status.steps === 0 || status.kind === "sending";
  };
  return { ...view, refresh };
}

/** @param {string} html */
export function showInstructions(html) {
  openDialog(M.instructions, (close) => [prose(html), h("div", { class: "btn-row" }, button(M.close, close))]);
}
