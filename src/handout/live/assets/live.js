// @ts-check
/* A page that answers: every claim and every cell can be changed, and is judged again in this browser.

   The build marks each cell with `<div class="live-cell" data-cell="N">` and lays the page's cells into
   `<script class="live-page" type="application/json">`. Nothing is loaded before the first use. */

(() => {
const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;
const PENCIL = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20.7 7a1 1 0 0 0 0-1.4l-2.3-2.3a1 1 0 0 0-1.4 0l-1.9 1.8 3.8 3.8M3 17.2V21h3.8L17.8 9.9l-3.7-3.7z"/></svg>';
const PAUSE = 250;   // ms without a key before a formula is judged
const LIMIT = 30;    // s for one answer, once Python stands by

/** @typedef {{id: string, kind: string, role: string, source: string, options: Record<string, any>,
 *    template?: string, hints?: string[], points?: number}} Cell */

/** The page's Python: one worker, started at first use, ended and started again by Stop. */
class Python {
  /** @param {any} page @param {(got: number, of: number) => void} progress */
  constructor(page, progress) {
    this.page = page;
    this.progress = progress;
    /** @type {Worker | null} */ this.worker = null;
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    this.count = 0;
    /** @type {Promise<any> | null} */ this.ready = null;
    this.stalled = false;   // whether the last load did
    this.failed = false;   // whether it could not be loaded
  }

  /** Start it, unless it stands by or is being started. */
  start() {
    if (this.ready) return this.ready;
    const worker = new Worker(new URL("worker.js", HERE), {type: "module"});
    this.failed = false;
    this.worker = worker;
    worker.onmessage = ({data}) => {
      if (data.of) return this.progress(data.got, data.of);
      if (data.stalled) {
        this.stalled = true;
        return this.fail(`Loading has stalled: nothing came for ${data.stalled} seconds`);
      }
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("failed" in data) asked?.reject(new Error(data.failed));
      else asked?.resolve(data.answer);
    };
    worker.onerror = (event) => this.fail(event.message || "Python could not be loaded");
    this.ready = this.send({ask: "start", page: this.page, stalled: this.stalled}).catch((error) => {
      if (this.worker !== worker) throw error;   // it was stopped
      const why = `Python could not be loaded: ${error.message}`;
      this.fail(why);
      throw new Error(why);
    });
    return this.ready;
  }

  /** Give up loading it; it can be tried again. @param {string} why */
  fail(why) {
    this.failed = true;
    this.stop(why);
  }

  /** @param {object} question */
  send(question) {
    return new Promise((resolve, reject) => {
      const id = ++this.count;
      this.waiting.set(id, {resolve, reject});
      this.worker?.postMessage({id, ...question});
    });
  }

  /** Ask `Session`, within the time limit. @param {object} question */
  async ask(question) {
    await this.start();
    const timer = setTimeout(() => this.stop(`Stopped: no answer within ${LIMIT} seconds`), LIMIT * 1000);
    try {
      return await this.send(question);
    } finally {
      clearTimeout(timer);
    }
  }

  /** End it, whatever it does; the next question starts another. @param {string} why */
  stop(why) {
    this.worker?.terminate();
    this.worker = this.ready = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const {reject} of waiting) reject(new Error(why));
  }
}

/** @template {keyof HTMLElementTagNameMap} T
 *  @param {T} tag @param {Record<string, any>} [properties] @param {(Node | string)[]} children */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** One cell on the page: its author's source, the reader's, and what came of it. */
class Editor {
  /** @param {Live} live @param {HTMLElement} box @param {number} number */
  constructor(live, box, number) {
    this.live = live;
    this.box = box;
    this.number = number;
    /** @type {Cell} */ this.cell = live.page.cells[number];
    this.source = this.cell.source;
    this.code = this.cell.kind === "python";
    const before = this.code ? box.previousElementSibling : null;
    /** The code as the author's page shows it. */
    this.block = before?.matches(".highlight, .tabbed-set, pre") ? /** @type {HTMLElement} */ (before) : null;
    this.exercise = this.cell.role === "exercise";
    /** @type {string[]} */ this.past = [];
    this.busy = this.again = false;
    /** @type {{set(text: string): void, focus(): void, end(): void} | null} */ this.better = null;
    /** @type {HTMLElement | null} */ this.panel = null;
    /** @type {number | undefined} */ this.timer = undefined;
    const name = `live-${number}`;
    this.label = make("label", {htmlFor: name, id: `${name}-label`}, this.exercise ? "Your answer" : this.code ? `Python of ${this.cell.id}` : `LaTeX of ${this.cell.id}`);
    this.field = make("textarea", {id: name, spellcheck: false, autocapitalize: "off", autocomplete: "off",
      value: this.source, rows: this.source.split("\n").length, "aria-describedby": `${name}-said`,
      onfocus: () => this.code && this.improve("codeField"),
      oninput: () => this.typed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event)});
    if (this.code) this.field.wrap = "off";
    if (this.exercise && !this.code) this.field.placeholder = "type LaTeX, for example \\frac{a}{b}";
    this.understood = make("div", {className: "live-understood", id: `${name}-said`, role: "status"});
    this.result = make("div", {className: "live-result"});
    this.state = make("span", {className: "live-state", role: "status"});
    this.bar = make("progress", {hidden: true, "aria-label": "Loading Python"});
    this.retrier = make("button", {type: "button", hidden: true, onclick: () => this.retry()}, "Try again");
    this.stopper = make("button", {type: "button", hidden: true, onclick: () => this.stop()}, "Stop");
    this.anew = make("div", {className: "live-again"});   // of a claim below a changed cell
    this.moving = make("details", {className: "live-point", hidden: true, ontoggle: () => this.move()},
      make("summary", {}, "Move the point at which it fails"));
    const what = this.code ? "cell" : {let: "declaration", define: "definition"}[this.cell.role] ?? "claim";
    this.button = make("button", {type: "button", className: "live-edit", title: `Change this ${what}`,
      "aria-expanded": "false", "aria-label": `Change this ${what}: ${this.cell.id}`,
      innerHTML: PENCIL, onclick: () => this.toggle()});
    if (this.exercise) this.open(false);
    else (this.block ?? box).prepend(this.button);
  }


  get changed() {
    return this.source !== this.cell.source;
  }

  toggle() {
    if (this.panel?.isConnected && !this.panel.hidden) return this.close();
    this.open(true);
  }

  close() {
    if (this.panel) this.panel.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
  }

  /** @param {boolean} focus */
  open(focus) {
    this.panel ??= this.build();
    this.panel.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    if (!focus) return;
    this.focus();
    this.live.warm();
  }

  focus() {
    (this.better ?? this.field).focus();
  }

  /** Put a better editor in the field's place; where it cannot be had, the field stays.
   *  @param {"codeField" | "formulaField"} kind */
  async improve(kind) {
    if (this.better || !this.live.page.editors) return;
    try {
      const fields = await import(new URL("fields.js", HERE).href);
      const better = await fields[kind](this.field, this.label, new URL(this.live.page.editors, HERE).href);
      const focused = document.activeElement === this.field;
      this.better = better;
      this.field.hidden = true;
      this.label.removeAttribute("for");
      this.label.onclick = () => this.focus();
      if (focused) this.focus();
    } catch { /* it was not loaded before the network went away */ }
  }

  /** A button between LaTeX and visual input of formulas. */
  visual() {
    const button = make("button", {type: "button", "aria-pressed": "false", onclick: async () => {
      if (this.better) {
        this.better.end();
        this.better = null;
        this.field.hidden = false;
        this.label.setAttribute("for", this.field.id);
      } else await this.improve("formulaField");
      button.setAttribute("aria-pressed", String(Boolean(this.better)));
      this.focus();
    }}, "Visual input");
    return button;
  }

  /** Set the field's text. @param {string} text */
  set(text) {
    this.field.value = text;
    this.better?.set(text);
  }

  /** Let the reader move the point at which the claim fails. */
  async move() {
    if (!this.moving.open) return;
    const {move} = await import(new URL("point.js", HERE).href);
    await move(this, this.moving, make);
  }

  /** Whether the author's own claim is a mistake that the page shows. */
  get refutedByAuthor() {
    return !this.code && !this.exercise && Boolean(this.box.querySelector(".claimed > .verdicts :is(.verdict-refuted, .verdict-wrong)"));
  }

  /** @param {boolean} refuted */
  offer(refuted) {
    while (this.moving.children.length > 1) this.moving.lastElementChild?.remove();
    this.moving.open = false;
    this.moving.hidden = !refuted || this.code;
  }

  build() {
    const {id} = this.cell;
    const verb = this.exercise ? "Check" : this.code ? "Run" : "Judge";
    const buttons = [
      make("button", {type: "button", className: "live-run", onclick: () => this.submit()}, verb),
      make("button", {type: "button", onclick: () => this.undo()}, "Undo"),
      make("button", {type: "button", onclick: () => this.reset()}, "Reset"),
      this.stopper,
    ];
    if (this.cell.hints?.length) buttons.push(this.hinting());
    if (!this.code && this.live.page.editors) buttons.push(this.visual());
    const panel = make("div", {className: "live-panel", role: "group",
      "aria-label": this.exercise ? `Exercise ${id}` : `Change ${id}`},
      this.label, this.field, ...(this.code ? [] : [this.understood]),
      make("div", {className: "live-bar"}, ...buttons, this.bar, this.state, this.retrier), this.result, this.moving);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.exercise) this.close();
    });
    this.offer(this.refutedByAuthor);
    if (this.code && this.exercise) this.box.append(panel);
    else if (this.block) this.block.after(panel);
    else if (this.code) this.box.prepend(panel);
    else (this.box.querySelector(".claimed, .math-display") ?? this.button).after(panel);
    return panel;
  }

  /** Hints come one at a time, in the author's order. */
  hinting() {
    const hints = [...this.cell.hints ?? []];
    const list = make("ol", {className: "live-hints", role: "status"});
    const button = make("button", {type: "button", onclick: () => {
      list.append(make("li", {}, hints.shift() ?? ""));
      this.result.before(list);
      if (!hints.length) button.remove();
      else button.textContent = `Next hint (${hints.length} left)`;
    }}, "Hint");
    return button;
  }

  typed() {
    this.field.rows = Math.max(1, this.field.value.split("\n").length);
    clearTimeout(this.timer);
    if (!this.code && !this.exercise) this.timer = setTimeout(() => this.submit(), PAUSE);
    else if (!this.code) this.timer = setTimeout(() => this.understand(), PAUSE);
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    }
  }

  undo() {
    const before = this.past.pop();
    if (before === undefined) return;
    this.set(before);
    this.submit(false);
  }

  /** End what runs, and give up what waits for its end. */
  stop() {
    this.again = false;
    this.live.python.stop("Stopped");
  }

  reset() {
    clearTimeout(this.timer);
    this.offer(this.refutedByAuthor);
    if (this.exercise) {
      this.set(this.source = this.cell.source);
      this.result.replaceChildren();
      this.understood.replaceChildren();
      this.live.remember(this, null);
      return;
    }
    this.past.push(this.field.value);
    this.set(this.source = this.cell.source);
    this.result.replaceChildren();
    this.understood.replaceChildren();
    this.mark();
    this.say("The author's own again");
    if (this.code) this.submit(false);
  }

  /** Show whose the claim is: a changed one is no longer the author's. */
  mark() {
    for (const part of [this.box, this.block]) part?.classList.toggle("live-changed", this.changed);
  }

  /** Set what is being typed, before any judgement. */
  async understand() {
    const {field} = this;
    const said = await this.asking({ask: "understand", cell: this.number, source: field.value});
    if (said && field.value === this.field.value) this.showUnderstood(said);
  }

  /** @param {{understood: string, message: string}} said */
  showUnderstood(said) {
    this.understood.replaceChildren();
    if (said.understood) this.understood.innerHTML = `<span>Understood as</span><div class="verdict-math">${said.understood}</div>`;
    else if (said.message) {
      const [first, ...formula] = said.message.split("\n");   // the formula keeps its lines, and the caret its place
      this.understood.append(make("p", {}, first));
      if (formula.length) this.understood.append(make("pre", {}, formula.join("\n")));
    }
  }

  /** Judge what stands in the field; while Python is busy, the newest waits. */
  async submit(keep = true) {
    clearTimeout(this.timer);
    if (this.busy) {
      this.again = true;
      return;
    }
    const source = this.field.value;
    if (keep && source !== this.source) this.past.push(this.source);
    this.source = source;
    this.mark();
    const said = await this.asking({ask: this.exercise ? "attempt" : this.code ? "run" : "judge",
      cell: this.number, source});
    if (said) this.show(said);
  }

  /** @param {any} said */
  show(said) {
    if (!this.code) this.showUnderstood(said);
    this.result.innerHTML = said.html;
    this.offer(Boolean(said.refuted));
    if (this.exercise) {
      this.live.remember(this, {source: this.source, right: said.right});
      this.box.classList.toggle("live-right", said.right);
    } else if (!this.code && !this.changed) this.result.replaceChildren();
    this.say(said.said ?? "");
    for (const below of said.below ?? []) this.live.editors.get(below.cell)?.rejudged(below);
  }

  /** A claim below a changed cell, judged again. @param {{html: string, same: boolean}} said */
  rejudged(said) {
    this.anew.innerHTML = said.same ? "" : `<p>Judged again, with the cells above as you changed them:</p>${said.html}`;
    this.box.append(this.anew);
    this.box.classList.toggle("live-stale", !said.same);
  }

  say(/** @type {string} */ text) {
    this.state.textContent = text;
  }

  /** Ask Python, and say in words what goes wrong. @param {object} question */
  async asking(question) {
    this.busy = true;
    this.stopper.hidden = false;
    this.retrier.hidden = true;
    this.live.asking = this;
    if (!this.live.python.ready) this.say("Loading Python ...");
    try {
      const answer = await this.live.python.ask({...question, sources: this.live.sources()});
      this.say("");
      return answer;
    } catch (error) {
      this.failed(/** @type {Error} */ (error));
      return null;
    } finally {
      this.busy = false;
      this.stopper.hidden = this.bar.hidden = true;
      if (this.again) setTimeout(() => this.submit());   // what was asked meanwhile: the newest only
      this.again = false;
    }
  }

  /** Say that no answer came, and offer to load Python again where that is why. @param {Error} error */
  failed({message}) {
    const {failed} = this.live.python;
    this.say(failed ? `${message}.` : `${message}. Run it again to start anew.`);
    this.retrier.hidden = !failed;
    this.bar.hidden = true;
  }

  retry() {
    this.focus();
    if (this.exercise && !this.field.value.trim()) this.live.warm();
    else this.submit(false);
  }

  progress(/** @type {number} */ got, /** @type {number} */ of) {
    this.bar.hidden = got >= of;
    this.bar.max = of;
    this.bar.value = got;
    const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
    this.say(got < of ? `Python and NumPy: ${megabytes(got)} of ${megabytes(of)} MB, once for this site` : "Starting Python ...");
  }
}

/** The page. */
class Live {
  /** @param {any} page its data @param {Iterable<HTMLElement>} boxes its marked cells */
  constructor(page, boxes) {
    this.page = page;
    this.key = `handout:${this.page.path}`;
    /** @type {Editor | null} */ this.asking = null;
    this.summary = make("div", {className: "live-summary", role: "status"});
    this.python = new Python(this.page, (got, of) => this.asking?.progress(got, of));
    /** @type {Map<number, Editor>} */ this.editors = new Map();
    for (const box of boxes) {
      const number = Number(box.dataset.cell);
      this.editors.set(number, new Editor(this, box, number));
    }
    this.recall();
  }

  /** Load Python before it is asked for, and what is needed without a network. */
  warm() {
    this.asking ??= [...this.editors.values()].find((editor) => editor.panel) ?? null;
    this.python.start().then(() => this.asking?.say("")).catch((error) => this.asking?.failed(error));
    navigator.serviceWorker?.register(new URL("../../../handout-offline.js", HERE)).then(async () => {
      const {active} = await navigator.serviceWorker.ready;
      const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
      const later = ["fields.js", "point.js"].map((name) => new URL(name, HERE).href);
      active?.postMessage({keep: [location.href.split("#")[0], ...later, ...loaded.filter((name) => name.startsWith(location.origin))]});
    }).catch(() => {});   // a page from a file, or a browser that keeps nothing: it works all the same
  }

  /** What the reader has changed, by the number of the cell. */
  sources() {
    /** @type {Record<number, string>} */
    const changed = {};
    for (const [number, editor] of this.editors) if (editor.changed && !editor.exercise) changed[number] = editor.source;
    return changed;
  }

  /* Answers to exercises stay in this browser. */

  answers() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      return {};
    }
  }

  /** @param {Editor} editor @param {{source: string, right: boolean} | null} answer */
  remember(editor, answer) {
    const answers = this.answers();
    if (answer) answers[editor.cell.id] = answer;
    else delete answers[editor.cell.id];
    try {
      localStorage.setItem(this.key, JSON.stringify(answers));
    } catch { /* private windows keep nothing */ }
    this.summarise();
  }

  recall() {
    const answers = this.answers();
    for (const editor of this.editors.values()) {
      const answer = editor.exercise && answers[editor.cell.id];
      if (!answer) continue;
      editor.set(editor.source = answer.source);
      editor.box.classList.toggle("live-right", answer.right);
      if (answer.right) editor.say("Right, when it was last checked");
    }
    this.summarise();
  }

  /** How many exercises are done, at the end of the page, with the answers to take home. */
  summarise() {
    const exercises = [...this.editors.values()].filter((editor) => editor.exercise);
    if (!exercises.length) return;
    const answers = this.answers();
    const right = exercises.filter((editor) => answers[editor.cell.id]?.right);
    const points = (/** @type {Editor[]} */ editors) => editors.reduce((sum, {cell}) => sum + (cell.points ?? 1), 0);
    this.summary.replaceChildren(
      make("p", {}, `Exercises on this page: ${right.length} of ${exercises.length} right, ${points(right)} of ${points(exercises)} points.`),
      make("button", {type: "button", onclick: () => this.download()}, "Download my answers"));
    if (!this.summary.isConnected) [...exercises].pop()?.box.closest("article")?.append(this.summary);
  }

  /** The page's cells with the reader's answers, as a file that `handout check` reads. */
  download() {
    const answers = this.answers();
    const parts = [`# Answers to ${document.title}\n`];
    for (const cell of this.page.cells) {
      const answer = answers[cell.id]?.source ?? "";
      const asked = cell.role === "exercise";
      const source = !asked ? cell.source : cell.template ? cell.template.replace("?", () => answer) : answer;
      if (asked && !answer) parts.push(`(${cell.id}: no answer)\n`);
      else parts.push(`${"`".repeat(3)}${this.header(cell)}\n${source}\n${"`".repeat(3)}\n`);
    }
    const link = make("a", {href: URL.createObjectURL(new Blob([parts.join("\n")], {type: "text/markdown"})), download: "answers.md"});
    link.click();
    URL.revokeObjectURL(link.href);
  }

  isCode(/** @type {Cell} */ cell) {
    return cell.kind === "python";
  }

  /** @param {any} cell */
  header(cell) {
    if (cell.role === "let" || cell.role === "define") return `math ${cell.role}`;
    const options = Object.entries(cell.options).map(([name, value]) => ` ${name}="${[value].flat().join(" ")}"`).join("");
    return this.isCode(cell) ? `python exec="on" id="${cell.id}"${options}` : `math claim="${cell.id}"${options}`;
  }
}

/** @type {Live | null} */
let live = null;
function begin() {
  live?.python.stop("The page was left");
  const data = document.querySelector("script.live-page");
  live = data ? new Live(JSON.parse(data.textContent ?? ""), document.querySelectorAll(".live-cell")) : null;
  const training = document.querySelector(".live-training");
  if (training) import(new URL("training.js", HERE).href).then(({train}) => train(training, {Live, Editor, make}));
}
const pages = /** @type {any} */ (window).document$;   // the theme's, when it changes pages by itself
if (pages) pages.subscribe(begin);
else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
})();
