// @ts-check
/* Training: a formula of another page, chosen at random, with its right side to be filled in. The page is
   the one that the first link in the box leads to; answers are judged as those to exercises are. */

/** @typedef {{editors: Map<number, any>, summarise(): void, answers(): Record<string, {right: boolean}>,
 *    recall(): void, warm(): void}} Live
 *  @typedef {{focus(): void, asking(question: object): Promise<any>}} Editor
 *  @typedef {{Live: new (page: any, boxes: HTMLElement[]) => Live,
 *    Editor: new (live: Live, box: HTMLElement, number: number) => Editor,
 *    make: (tag: string, properties?: Record<string, any>, ...children: (Node | string)[]) => any}} Parts */

/** Set up the box. @param {HTMLElement} box @param {Parts} parts */
export async function train(box, {Live, Editor, make}) {
  const link = /** @type {HTMLAnchorElement | null} */ (box.querySelector("a[href]"));
  if (!link) return;
  const start = make("button", {type: "button", className: "live-run", onclick: begin}, "Start");
  const bar = make("div", {className: "live-bar"}, start);
  box.append(bar);

  async function begin() {
    const sheet = new DOMParser().parseFromString(await (await fetch(link?.href ?? "")).text(), "text/html");
    const data = sheet.querySelector("script.live-page");
    if (!data) {
      bar.replaceChildren("That page cannot be used: it is not live");
      return;
    }
    const page = JSON.parse(data.textContent ?? "");
    page.cells.forEach(blank);
    const numbers = [...page.cells.keys()].filter((number) => page.cells[number].template);
    const live = new Live({...page, path: `${page.path}#training`}, []);
    const score = make("p", {role: "status"});
    live.summarise = () => {
      const answers = live.answers();
      const right = numbers.filter((number) => answers[page.cells[number].id]?.right).length;
      score.textContent = `${right} of ${numbers.length} identities right so far.`;
    };
    const place = make("div");
    const show = make("button", {type: "button", onclick: () => place_of(number)}, "Show the formula");
    const next = make("button", {type: "button", onclick: () => another()}, "Another");
    bar.replaceChildren(next, show);
    box.append(place, score);
    let number = -1;

    /** The formula as its page shows it. @param {number} cell */
    const place_of = (cell) => place.appendChild(shown(sheet, cell) ?? make("p"));

    async function another() {
      const answers = live.answers();
      const left = numbers.filter((one) => one !== number && !answers[page.cells[one].id]?.right);
      const pool = left.length ? left : numbers;
      number = pool[Math.floor(Math.random() * pool.length)];
      const question = make("div", {className: "math-display"});
      const cell = make("div", {className: "live-cell"}, question);
      live.editors.clear();
      place.replaceChildren(make("h2", {}, section(sheet, number)), ...given(sheet, page.cells, number), cell);
      const editor = new Editor(live, cell, number);
      live.editors.set(number, editor);
      live.recall();
      editor.focus();
      live.warm();
      const said = await editor.asking({ask: "question", cell: number});
      if (said) question.innerHTML = said.html;
    }
    another();
  }
}

/** Make a claim an exercise, if its right side can be asked for. @param {any} cell */
function blank(cell) {
  if (cell.role !== "claim" || cell.problem) return;
  const left = leftSide(cell.source);
  if (left && cell.options.expect === undefined && !/\\\\|\\q?quad|&/.test(left + withoutCases(cell.source)))
    Object.assign(cell, {role: "exercise", template: `${left.trim()} = ?`, source: "", points: 1, hints: []});
}

/** What stands before the first sign of equality that is in no braces. @param {string} latex */
function leftSide(latex) {
  let depth = 0;
  for (const [place, character] of [...latex].entries()) {
    if (character === "{") depth += 1;
    else if (character === "}") depth -= 1;
    else if (character === "=" && !depth) return [...latex].slice(0, place).join("");
  }
  return "";
}

/** @param {string} latex */
const withoutCases = (latex) => latex.replace(/\\begin\{cases\}.*?\\end\{cases\}/gs, "");

/** @param {Document} sheet @param {number} number */
const marked = (sheet, number) => sheet.querySelector(`.live-cell[data-cell="${number}"]`);

/** A formula as its page shows it. @param {Document} sheet @param {number} number */
function shown(sheet, number) {
  const formula = marked(sheet, number)?.querySelector(".math-display");
  return formula ? document.importNode(formula, true) : null;
}

/** The heading under which a formula stands. @param {Document} sheet @param {number} number */
function section(sheet, number) {
  const here = marked(sheet, number);
  const headings = [...sheet.querySelectorAll("article h2")].filter(
    (heading) => here && heading.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
  return headings.at(-1)?.firstChild?.textContent ?? "";
}

/** What the formula speaks of: the declarations before it, and the definitions since.
 *  @param {Document} sheet @param {any[]} cells @param {number} number */
function given(sheet, cells, number) {
  let first = number;
  while (first > 0 && cells[first].role !== "let") first -= 1;
  while (first > 0 && cells[first - 1].role === "let") first -= 1;
  const found = [];
  for (let one = first; one < number; one += 1)
    if (["let", "define"].includes(cells[one].role)) found.push(shown(sheet, one));
  return found.filter((formula) => formula !== null);
}
