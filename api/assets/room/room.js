// The room itself: what is on screen, what the candidate does, what the server says.
import { ApiError } from "./api.js";
import { StepQueue } from "./queue.js";
import { Model } from "./model.js";
import { Warnings } from "./clock.js";
import { claim, forgetPlace, isUnsure, lastPlace, markUnsure, onLeaving, rememberPlace } from "./tabs.js";
import { closeDialogs, isTyping } from "./dom.js";
import { M } from "./messages.js";
import { notice, dismiss, say, tellSaving, noticeStack } from "./notices.js";
import { heartbeat } from "./heartbeat.js";
import { Typing } from "./typing.js";
import { questionView } from "./question.js";
import { planPanel } from "./map.js";
import { topBar, bottomBar, placeFrame } from "./bars.js";
import { showInstructions, beforeScreen, summaryScreen, handingInScreen, endScreen, messageScreen } from "./screens.js";
import { fetchPictures } from "./viewer.js";
import { queueFile, saveFile } from "./export.js";
import { forgetPage, keepPage } from "./offline.js";
import { stopScreen } from "./stop.js";
import { listenKeys, showShortcuts } from "./keys.js";
/** @import { Api } from "./api.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { Paper, Progress } from "./paper.js" */
/** @import { Status } from "./queue.js" */
/** @import { StepStore } from "./store.js" */
/** @import { Vault } from "./vault.js" */
/** @import { Act, AttemptState, Clock, ClockView, Receipt, Response, Room, RoomData, StepsReply, Verdict } from "./types.js" */

/** @typedef {{element:HTMLElement, heading:HTMLElement, refresh?:(status:any) => void, tick?:(ms:number|null) => void, tell?:(progress:Progress) => void}} Screen */

/** Candidates ask for their keys spread over this time. */
const SPREAD_MS = 3000;
/** Another page here, told that it is left, writes what it holds. */
const LEAVING_MS = 400;

export class ExamRoom {
  #place; #attempt; #api; #clock; #queue; #vault; #paper;
  #warnings = new Warnings();
  #model;
  /** question on screen */
  #current = "";
  /** part under validation: when accepted, go on to the next */
  #follow = "";
  /** @type {"question"|"summary"|"other"} */
  #showing = "other";
  /** @type {Screen|undefined} */
  #screen;
  #over = false; #lostTab = false; #stale = false; #stopped = false;
  /** keys are to be asked for, are being asked for, will be at the hour */
  #wanting = false; #asking = false; #due = false;
  #asker = 0; #offline; #erased = false;
  /** @type {Progress|null} */
  #progress = null;
  /** @type {Set<string>} questions whose answer on screen was not counted */
  #undone = new Set();
  /** @type {WeakSet<Act>} done already, sent once more after the server lost data */
  #again = new WeakSet();
  /** @type {number|null} */
  #handedIn_ms = null;
  /** @type {Receipt|null} of the last act acknowledged */
  #receipt = null;
  #typing = new Typing((question, response) => this.#queue.push({ answer: { question, response } }));
  #moves = { previous: () => this.#step(-1), flag: () => this.#flag(this.#current), next: () => this.#step(1) };
  #plan; #top; #bottom; #beat; #stop;
  /** last message of those in charge that was shown */
  #message = "";

  /**
   * @param {HTMLElement} place @param {string} attempt @param {Api} api
   * @param {StepStore|null} store @param {ServerClock} clock @param {RoomData} data
   * @param {{vault: Vault, paper: Paper, offline: boolean}} kept what this machine keeps; opened without a network?
   */
  constructor(place, attempt, api, store, clock, data, { vault, paper, offline }) {
    this.#place = place;
    this.#attempt = attempt;
    this.#api = api;
    this.#clock = clock;
    this.#vault = vault;
    this.#paper = paper;
    this.#offline = offline;
    this.#model = new Model(data, paper);
    this.#queue = new StepQueue(api, store, {
      now_ms: () => clock.now_ms(),
      onStatus: (status) => this.#status(status),
      onReply: (reply, sent, received, verdicts) => this.#reply(reply, sent, received, verdicts),
      onUnreadable: (act) => {
        this.#undo(act);
        notice("verdict-invalid", M.verdicts.invalid, "danger");
        this.#changed(this.#model.data);
      },
      onServerLoss: () => {
        if (this.#lostTab) return;
        const acts = this.#model.everything();
        acts.forEach((act) => this.#again.add(act));
        this.#queue.sendAgain(acts);
      },
      onNotDurable: () => {
        markUnsure(attempt);
        notice("durable", M.notDurable, "warning");
      },
    });
    this.#beat = heartbeat(api, clock, {
      news: () => ({ stream: this.#queue.stream ?? 0, waiting: this.#queue.status().answers }),
      onBeat: (read, sent, received) => this.#read(read, sent, received),
      onKeys: (keys) => void this.#given(keys),
      onMiss: (error) => this.#queue.note(error),
    });
    this.#stop = stopScreen(clock, () => void this.#pause(false));
    this.#plan = planPanel(this.#face(), {
      instructions: () => showInstructions(this.#model.room.instructions_html), shortcuts: showShortcuts,
      saveQueue: () => void this.#saveQueue(),
      pause: data.clock.breaks ? () => void this.#pause(true) : null,
    });
    this.#top = topBar(data, this.#plan.toggle, () => this.#summary());
    this.#bottom = bottomBar(this.#moves);
  }

  /** What the views may use. @returns {Room} */
  #face() {
    return {
      model: this.#model, say,
      answer: (question, response, delay_ms) => this.#answer(question, response, delay_ms ?? 0),
      toggleFlag: (question) => this.#flag(question),
      lock: (question) => this.#lock(question),
      go: (question) => this.#go(question),
      readOnly: (question) => this.#readOnly(question),
    };
  }

  async open() {
    placeFrame(this.#place, this.#top.bar, this.#plan.panel, noticeStack(), this.#bottom.bar);
    document.dispatchEvent(new Event("docimo:controls")); // theme.js fills its button
    await this.#queue.load();
    this.#queue.waiting().forEach((act) => {
      this.#model.apply(act);
      if ("lock" in act) this.#model.written(act.lock.question);
    });
    claim(this.#attempt, () => this.#loseTab(M.otherTab));
    if (this.#offline) {
      notice("clock", M.saidApproximate, "warning");
      await new Promise((resolve) => setTimeout(resolve, LEAVING_MS));
      if (!isUnsure(this.#attempt)) await this.#queue.resume();
      this.#queue.note(new ApiError("network"));
    }
    listenKeys({ ...this.#moves, place: () => (this.#showing === "question" ? this.#place : null) });
    onLeaving(() => this.#typing.flush(), () => this.#queue.status().kind !== "saved", () => this.#beat());
    this.#over = this.#clock.isOver(this.#model.room.state);
    this.#render();
    if (!this.#queue.durable) notice("durable", M.notDurable, "warning");
    setInterval(() => this.#tick(), 250);
    if (["waiting", "ready", "running"].includes(this.#model.room.state)) void this.#paper.download(this.#spread_ms(), (progress) => this.#downloaded(progress));
    this.#keep();
    if (this.#offline) this.#beat();
  }

  // Screens -------------------------------------------------------------------------------

  /** The screen that suits the state of the paper. */
  #render() {
    const { room } = this.#model;
    document.title = `${room.exam_title} – Docimo`;
    if (room.state === "waiting" || room.state === "ready") {
      this.#show(beforeScreen(room, () => void this.#start(), this.#progress), "before");
      if (!this.#lostTab && !this.#offline) void this.#queue.openPage();
    } else if (room.state === "handed_in" || this.#over) this.#end();
    else if (!this.#queue.opened && !this.#lostTab) {
      this.#show(messageScreen(M.loading), "before");
      void this.#queue.openPage().then(() => this.#render());
    } else if (!this.#paper.opened && !this.#model.handingIn) {
      this.#show(messageScreen(M.opening), "before");
      void this.#askKeys();
    } else {
      fetchPictures(room);
      if (this.#model.handingIn) this.#show(handingInScreen(() => void this.#saveQueue()), "end");
      else this.#go((this.#model.stop(this.#current || lastPlace(this.#attempt, this.#offline) || room.place || "") ?? this.#model.reachable()[0])?.question ?? "");
    }
    this.#tick();
    this.#status(this.#queue.status());
  }

  /** @param {Screen} screen @param {"before"|"question"|"summary"|"end"} phase */
  #show(screen, phase) {
    this.#showing = phase === "question" || phase === "summary" ? phase : "other";
    document.body.dataset.phase = phase;
    this.#screen = screen;
    this.#place.replaceChildren(screen.element);
    scrollTo(0, 0);
    screen.heading.focus({ preventScroll: true });
  }

  /** @param {string} question */
  #go(question) {
    const stop = this.#model.stop(question);
    if (!stop) return;
    this.#typing.flush();
    this.#current = question;
    if (this.#follow !== question) this.#follow = "";
    rememberPlace(this.#attempt, question);
    const view = questionView(stop, this.#face());
    document.title = `${M.question(stop.number)} – ${this.#model.room.exam_title}`;
    this.#show({ ...view, refresh: (status) => view.refresh(status.kind !== "saved" && status.kind !== "sending") }, "question");
    // once the hand-in is acknowledged, what is on screen for a moment more is no act
    if (this.#writable() && this.#handedIn_ms === null) this.#queue.push({ view: { element: question } });
    this.#refresh();
  }

  /** @param {1|-1} way */
  #step(way) {
    if (this.#showing !== "question") return;
    const next = this.#model.beside(this.#current, way);
    if (next) this.#go(next.question);
    else if (way === 1) this.#summary();
  }

  #summary() {
    if (!this.#writable()) return;
    this.#typing.flush();
    this.#show(summaryScreen(this.#face(), this.#queue.status(), {
      back: () => this.#render(),
      handIn: () => {
        if (this.#writable()) this.#act({ hand_in: {} });
        this.#render();
      },
    }), "summary");
    this.#refresh();
  }

  #end() {
    this.#showing = "other";
    const { room } = this.#model;
    // until the server has told the end, what was answered is known here only
    const answered = room.state === "running" ? this.#model.summary().answered : room.answered_count;
    this.#show(endScreen(room, { answered, at_ms: this.#handedIn_ms ?? room.handed_in_ms, receipt: this.#receipt ?? room.receipt ?? null }, () => void this.#saveQueue()), "end");
    this.#status(this.#queue.status());
  }

  /** Everything around the question that may have changed. */
  #refresh() {
    this.#plan.refresh(this.#showing === "question" ? this.#current : "");
    const current = this.#current;
    this.#bottom.refresh({
      first: !this.#model.beside(current, -1), last: !this.#model.beside(current, 1),
      flagged: this.#model.flagged(current), canFlag: this.#writable(),
      toValidate: this.#model.stop(current)?.of?.progressive === true && !this.#readOnly(current),
    });
    this.#top.finish.disabled = !this.#writable();
    this.#screen?.refresh?.(this.#queue.status());
  }

  // What the candidate does ---------------------------------------------------------------

  #writable() {
    return this.#model.room.state === "running" && !this.#over && !this.#clock.clock?.stop && !this.#lostTab && !this.#model.handingIn && this.#queue.opened;
  }

  /** @param {string} question */
  #readOnly(question) {
    return !this.#writable() || this.#model.locking.has(question) || this.#model.stop(question)?.status !== "open";
  }

  /** @param {Act} act */
  #act(act) {
    this.#model.apply(act);
    const written = this.#queue.push(act);
    this.#keep();
    return written;
  }

  /** @param {string} question @param {Response} response @param {number} delay_ms */
  #answer(question, response, delay_ms) {
    if (this.#readOnly(question)) return;
    this.#typing.drop(question);
    if (delay_ms > 0) {
      this.#model.apply({ answer: { question, response } });
      this.#typing.hold(question, response, delay_ms);
      this.#status(this.#queue.status());
    } else this.#act({ answer: { question, response } });
    this.#refresh();
  }

  /** @param {string} question */
  #flag(question) {
    if (!this.#writable() || !this.#model.stop(question)) return;
    const on = !this.#model.flagged(question);
    this.#act({ flag: { question, on } });
    say(on ? M.flagOn : M.flagOff);
    this.#refresh();
  }

  /** @param {string} question */
  #lock(question) {
    if (this.#readOnly(question)) return;
    this.#typing.flush();
    this.#follow = question;
    // what follows shows once the validation is on this machine's disk, if its key is here
    void this.#act({ lock: { question } }).then(() => {
      this.#model.written(question);
      this.#shown();
    });
    this.#refresh();
    this.#screen?.heading.focus();
  }

  /** What waits, into a file for the supervisor. */
  async #saveQueue() {
    this.#typing.flush();
    try {
      const { answers, steps } = this.#queue.status();
      const { candidate_number } = this.#model.room;
      saveFile(M.queueName(candidate_number), await queueFile(this.#model.data, this.#queue.boxes(), this.#clock.now_ms()));
      notice("queue", M.queueSaved(answers || steps), "info");
    } catch {
      notice("queue", M.queueFailed, "danger");
    }
  }

  async #start() {
    try {
      const { data, sent, received } = await this.#api.start();
      this.#learn(data.clock, sent, received);
      this.#model.merge(data, false);
      dismiss("start");
      this.#render();
    } catch (error) {
      notice("start", error instanceof ApiError && error.kind === "session" ? M.saidSession : M.startFailed, "danger");
    }
  }

  /** @param {string} why */
  #loseTab(why) {
    if (this.#lostTab) return;
    this.#typing.flush();
    this.#lostTab = true;
    this.#queue.leave();
    closeDialogs();
    notice("tab", why, "warning", { label: M.takeBack, run: () => location.reload() });
    if (this.#showing === "summary") this.#render();
    this.#refresh();
  }

  // What the server says ------------------------------------------------------------------

  /** @param {Clock} clock @param {number} sent @param {number} received @returns {boolean} is it news? */
  #learn(clock, sent, received) {
    const before = this.#clock.clock?.deadline_ms ?? null;
    if (!this.#clock.learn(clock, sent, received)) return false;
    const after = clock.deadline_ms;
    // while the clock stands still the end goes away by itself; once it runs again, the new one is told
    if (clock.stop) this.#stopped = true;
    else if (this.#stopped && after !== null) {
      this.#stopped = false;
      notice("time", M.resumed(M.hour(after)), "info");
    } else if (before !== null && after !== null && Math.abs(after - before) > 1000 && this.#model.room.state !== "handed_in") {
      notice("time", M.extended(M.hour(after)), "info");
    }
    return true;
  }

  /** @param {ClockView} read @param {number} sent @param {number} received */
  #read({ state, clock, streams, message }, sent, received) {
    const fresh = this.#learn(clock, sent, received);
    this.#queue.note(null);
    this.#others(streams);
    if (message && message.id !== this.#message) {
      this.#message = message.id;
      notice(`message-${message.id}`, M.fromStaff(M.hour(message.at_ms), message.text), "info");
    }
    if (fresh) this.#state(state);
    if (this.#wanting) void this.#askKeys();
    this.#keep();
    this.#tick();
  }

  /** One's own break. @param {boolean} on */
  async #pause(on) {
    this.#typing.flush();
    try {
      const { data, sent, received } = await this.#api.pause(on);
      dismiss("pause");
      this.#read(data, sent, received);
    } catch (error) {
      const detail = error instanceof ApiError && error.kind === "server" ? error.message : "";
      notice("pause", detail.includes(" ") ? detail : on ? M.breakFailed : M.breakEndFailed, "danger");
    }
  }

  /** How many pages were opened on this paper, on this machine or another. @param {number} streams */
  #others(streams) {
    if (this.#queue.stream !== null && streams > this.#queue.stream) this.#loseTab(M.otherMachine);
  }

  /** @param {Act} act */
  #undo(act) {
    this.#model.undo(act);
    if ("answer" in act) this.#undone.add(act.answer.question);
    if ("lock" in act) this.#undone.add(act.lock.question);
  }

  /** @param {StepsReply} reply @param {number} sent @param {number} received @param {{act:Act, verdict:Verdict}[]} verdicts */
  #reply(reply, sent, received, verdicts) {
    const fresh = this.#learn(reply.clock, sent, received);
    this.#others(reply.streams);
    if (reply.receipt && reply.receipt.position >= (this.#receipt?.position ?? 0)) this.#receipt = reply.receipt;
    this.#wanting ||= reply.revealed === true;
    for (const { act, verdict } of verdicts) {
      if ("lock" in act) this.#wanting = true;
      if ("hand_in" in act && verdict === "counted") this.#handedIn_ms = reply.clock.now_ms;
      if (verdict === "counted" || "view" in act) continue;
      // a late answer stays on screen: it is kept, and counts if time is given
      if (verdict !== "late" || "lock" in act || "hand_in" in act) {
        this.#undo(act);
        this.#stale = true;
      }
      if (verdict === "locked" && this.#again.has(act)) continue; // not lost, after all
      if ("answer" in act || "lock" in act) notice(`verdict-${verdict}`, M.verdicts[verdict], "warning");
    }
    if (fresh) this.#state(reply.state);
    else if (this.#stale) void this.#reload();
    if (this.#wanting) void this.#askKeys();
    this.#keep();
  }

  /** @param {AttemptState} state */
  #state(state) {
    const before = this.#model.room.state;
    if (state === "running" && (before === "waiting" || before === "ready")) {
      // told of the opening within the same second, candidates who are not given their key ask for it spread over two
      this.#askSoon(before === "waiting" && !this.#due ? Math.random() * 2000 : 0);
      this.#due = true;
    } else this.#stale ||= state !== before;
    if (this.#stale) void this.#reload();
    else this.#erase();
  }

  // The sealed paper ----------------------------------------------------------------------

  /** How long the download waits, so that a room does not fetch as one. */
  #spread_ms() {
    const { state } = this.#model.room;
    if (state !== "waiting" || this.#paper.opened) return 0;
    const until_ms = this.#clock.untilStart_ms();
    if (until_ms === null) return Math.random() * 10_000; // nobody knows when: those who come are spread already
    return Math.random() * Math.min(5 * 60_000, Math.max(0, until_ms - 60_000) / 3);
  }

  /** @param {Progress} progress */
  #downloaded(progress) {
    this.#progress = progress;
    this.#screen?.tell?.(progress);
    if (!progress.ready || !this.#paper.opened) return;
    this.#model.refresh(); // pictures that came after the paper was opened
    if (this.#showing === "question" && !isTyping(document.activeElement)) this.#redraw();
  }

  /** @param {number} delay_ms */
  #askSoon(delay_ms) {
    clearTimeout(this.#asker);
    this.#asker = setTimeout(() => void this.#askKeys(), delay_ms);
  }

  /** The key of the paper, pushed as time begins: it opens without a question. @param {Record<string, string>} keys */
  async #given(keys) {
    const { clock } = this.#clock;
    if (this.#paper.opened || !clock) return;
    try {
      await this.#paper.unlock(keys);
    } catch {
      return; // not downloaded yet: it is asked for, and told, the usual way
    }
    this.#model.learn({ state: "running", clock });
    this.#over = this.#clock.isOver(this.#model.room.state);
    this.#keep();
    this.#render();
    this.#askSoon(1000 + Math.random() * 20_000); // what was validated, and keys that may be held ahead
  }

  /** Keys, with the clock that decided of them: while time runs, and each time a part is validated. */
  async #askKeys() {
    if (this.#asking) return;
    this.#asking = true;
    this.#wanting = true;
    try {
      const { data, sent, received } = await this.#api.keys();
      const fresh = this.#learn(data.clock, sent, received);
      this.#others(data.streams);
      await this.#paper.unlock(data.keys);
      if (data.state === "handed_in" || data.state === "closed") {
        this.#wanting = false;
        return void this.#reload(); // what the server has received is said whole
      }
      if (data.state === "running") this.#wanting = false;
      const before = this.#model.room.state;
      if (fresh) this.#model.learn({ state: data.state, clock: data.clock, ...(data.state === "running" ? { locked: data.locked } : {}) });
      else this.#model.refresh();
      this.#over = this.#clock.isOver(this.#model.room.state);
      this.#keep();
      if (before !== this.#model.room.state || document.body.dataset.phase === "before") this.#render();
      else this.#shown();
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError("server");
      if (known.kind !== "unable") this.#queue.note(known);
      if (!this.#paper.opened && this.#model.room.state === "running") {
        const text = known.kind === "unable" ? M.unable : known.kind === "network" ? M.openingOffline : M.opening;
        this.#show(messageScreen(text), "before");
      }
      if (known.kind !== "unable") setTimeout(() => void this.#askKeys(), 2000 + Math.random() * SPREAD_MS);
    } finally {
      this.#asking = false;
    }
  }

  /** More of the paper may be shown than before: goes on where the candidate waited for it. */
  #shown() {
    const stop = this.#model.stop(this.#current);
    if (this.#showing !== "question" || !stop) return this.#refresh();
    const next = stop.of?.parts[stop.part + 1];
    const here = stop.status === "locked" && (!next || this.#model.stop(next.question) !== undefined);
    if (this.#follow !== this.#current || !here) return this.#refresh();
    this.#follow = "";
    const after = this.#model.beside(this.#current, 1);
    if (after) this.#go(after.question);
    else this.#redraw();
  }

  /** The question on screen again, where the candidate stands. */
  #redraw() {
    const at = scrollY;
    this.#go(this.#current);
    scrollTo(0, at);
  }

  // What this machine keeps ---------------------------------------------------------------

  /** Written as it changes: a page opened without a network goes on from it. */
  #keep() {
    if (this.#erased || !this.#clock.clock) return;
    void this.#vault.keep({ attempt: this.#attempt, data: { ...this.#model.kept(), clock: this.#clock.clock }, keys: this.#paper.keys, ahead_ms: this.#clock.ahead_ms });
  }

  /** The sheet is over, and the server has everything: nothing of it stays here. */
  #erase() {
    const { state } = this.#model.room;
    const done = state === "handed_in" || state === "closed";
    if (!done && this.#erased) {
      this.#erased = false; // given back: it is kept again
      void keepPage(true);
    }
    if (!done || this.#erased || this.#typing.busy || this.#queue.status().kind !== "saved") return;
    this.#erased = true;
    forgetPlace(this.#attempt);
    void this.#queue.erase();
    void this.#paper.erase(this.#attempt);
    void forgetPage();
  }

  // What the server says, whole -----------------------------------------------------------


  async #reload() {
    this.#stale = false;
    try {
      const { data, sent, received } = await this.#api.room();
      const fresh = this.#learn(data.clock, sent, received);
      if (fresh || data.clock.now_ms >= this.#model.room.clock.now_ms) this.#changed(data);
      this.#erase();
      this.#keep();
      if (data.state === "running" && !this.#paper.opened) void this.#askKeys();
    } catch (error) {
      this.#stale = true; // again at the next reading of the clock
      if (error instanceof ApiError) this.#queue.note(error);
    }
  }

  /** @param {RoomData} data */
  #changed(data) {
    const before = this.#model.room.state;
    const status = this.#model.stop(this.#current)?.status;
    this.#model.merge(data, this.#queue.waiting().some((act) => "hand_in" in act));
    fetchPictures(this.#model.room);
    const over = this.#clock.isOver(this.#model.room.state);
    const reopened = (this.#over || before === "handed_in") && !over && data.state === "running";
    this.#over = over;
    if (reopened) notice("reopened", M.reopened, "info");
    if (data.state !== before || reopened) return this.#render();
    if (this.#showing !== "question") return this.#refresh();
    const now = this.#model.stop(this.#current)?.status;
    const next = this.#follow === this.#current && now === "locked" ? this.#model.beside(this.#current, 1) : undefined;
    if (now === "locked") this.#follow = "";
    // what is on screen changes under the candidate's hands only where it must
    const mine = this.#undone.has(this.#current) && !isTyping(document.activeElement);
    this.#undone.clear();
    if (next) this.#go(next.question);
    else if (now !== status || mine) this.#go(this.#current);
    else this.#refresh();
  }

  /** @param {Status} status */
  #status(status) {
    this.#plan.offerQueue(status.steps > 0 && status.kind !== "sending");
    if (status.kind === "saved") this.#erase();
    const shown = this.#typing.busy && status.kind === "saved" ? { ...status, kind: /** @type {const} */ ("sending") } : status;
    this.#top.show(shown);
    this.#stop.tell(shown);
    this.#screen?.refresh?.(shown);
    if (shown.kind !== document.body.dataset.saving) tellSaving(shown.kind, this.#queue.durable);
    document.body.dataset.saving = shown.kind;
  }

  // Time ----------------------------------------------------------------------------------

  #tick() {
    const left_ms = this.#clock.remaining_ms();
    const { state } = this.#model.room;
    const was = "stop" in document.body.dataset;
    const still = this.#stop.refresh(state === "waiting" || state === "ready" || (state === "running" && !this.#over));
    if (still !== was) {
      if (still) this.#typing.flush();
      else this.#render();
      this.#status(this.#queue.status());
    }
    const until_ms = this.#clock.untilStart_ms();
    this.#screen?.tick?.(until_ms);
    if (state === "waiting" && until_ms !== null && until_ms <= 0 && !this.#due) {
      this.#due = true; // at the hour nothing but the keys is asked, spread over a moment
      setTimeout(() => void this.#askKeys(), Math.random() * SPREAD_MS);
    }
    if (state !== "running") return;
    this.#top.tick(left_ms === null ? null : Math.max(0, left_ms), this.#clock.approximate);
    if (!this.#clock.approximate) dismiss("clock");
    const minutes = left_ms === null ? null : this.#warnings.crossed(left_ms);
    if (minutes !== null) {
      notice("time", M.timeWarning(minutes), "warning");
      setTimeout(() => dismiss("time"), 60_000); // after a minute it would lie
    }
    const over = this.#clock.isOver(this.#model.room.state);
    if (over === this.#over) return;
    this.#typing.flush();
    this.#over = over;
    if (over) {
      closeDialogs();
      dismiss("time");
      this.#beat();
    }
    this.#render();
  }
}
