// @ts-check
/* Formula, code and graph speak of the same objects: what is pointed at, or has the focus, lights up in all
   three. And a graph can be stepped through, forward and back. The build has named the objects (data-node:
   "y" is a node, "u/y" a derivative); without this script everything is there to be read. */

const NAMED = "[data-node]";
const all = (/** @type {ParentNode} */ within, /** @type {string} */ what) =>
  /** @type {(HTMLElement | SVGElement)[]} */ ([...within.querySelectorAll(what)]);
const names = (/** @type {Element} */ element) => (element.getAttribute("data-node") ?? "").split(" ");

/** One stop for the Tab key in each formula; the arrows move on from there. */
export function prepare() {
  for (const formula of document.querySelectorAll(".math-display math")) {
    all(formula, NAMED).forEach((symbol, place) => symbol.setAttribute("tabindex", place ? "-1" : "0"));
  }
}

/** @param {Element | null | undefined} element */
function light(element) {
  for (const other of document.querySelectorAll(".lit")) other.classList.remove("lit");
  if (!element) return;
  const own = names(element);
  const nodes = new Set(own.flatMap((name) => name.split("/")));
  for (const other of document.querySelectorAll(NAMED)) {
    const related = other.closest("math")
      ? names(other).some((name) => own.includes(name) || own.includes(name.split("/")[1]))
      : names(other).some((name) => nodes.has(name));
    if (related) other.classList.add("lit");
  }
  for (const figure of document.querySelectorAll("figure:has(.figure-steps)")) {
    for (const name of own) {
      const [of, by] = name.split("/");
      if (by) for (const edge of between(figure, of, by)) edge.classList.add("lit");
      const node = figure.querySelector(`.figure-node[data-node="${CSS.escape(by ?? of)}"]`);
      if (node instanceof SVGElement && !figure.querySelector(".stepping")) {
        const {forward = "", backward = ""} = node.dataset;
        tell(figure, by ? backward : [forward, backward].filter(Boolean).join("; "));
      }
    }
  }
}

/** The arrows on all ways from one node to another.
 *  @param {Element} figure @param {string} of @param {string} by */
function between(figure, of, by) {
  const numbers = new Map(all(figure, ".figure-node").map((node, k) => [node.dataset.node, String(k)]));
  const edges = all(figure, ".figure-edge").map((edge) => ({edge, ends: (edge.dataset.ends ?? "").split(" ")}));
  const reached = (/** @type {string | undefined} */ start, /** @type {number} */ from) => {
    const found = new Set([start]);
    for (let before = 0; before < found.size;) {
      before = found.size;
      for (const {ends} of edges) if (found.has(ends[from])) found.add(ends[1 - from]);
    }
    return found;
  };
  const below = reached(numbers.get(by), 0), above = reached(numbers.get(of), 1);
  return edges.filter(({ends}) => below.has(ends[0]) && above.has(ends[1])).map(({edge}) => edge);
}

/** Show the graph as it is after some steps: first all values, then all gradients.
 *  @param {Element} figure @param {number} by */
function step(figure, by) {
  const svg = /** @type {SVGElement} */ (figure.querySelector("svg"));
  const nodes = all(svg, ".figure-node");
  const forward = nodes.filter((node) => node.dataset.forward);
  const backward = nodes.filter((node) => node.dataset.backward).reverse();
  const now = by ? Number(svg.dataset.at ?? 0) + by : 0;
  const at = Math.min(Math.max(now, 0), forward.length + backward.length);
  svg.dataset.at = String(at);
  svg.classList.toggle("stepping", at > 0);
  const reached = new Set([...forward.slice(0, at), ...nodes.filter((node) => !node.dataset.forward)]);
  const returned = new Set(backward.slice(0, Math.max(at - forward.length, 0)));
  const last = [...forward, ...backward][at - 1];
  for (const node of nodes) {
    node.classList.toggle("reached", reached.has(node));
    node.classList.toggle("returned", returned.has(node));
    node.classList.toggle("now", node === last);
  }
  for (const edge of all(svg, ".figure-edge")) {
    const [from, to] = (edge.dataset.ends ?? "").split(" ").map(Number);
    edge.classList.toggle("reached", reached.has(nodes[to]));
    edge.classList.toggle("returned", returned.has(nodes[from]));
  }
  if (!last) return tell(figure, "All values and gradients are shown.");
  const back = at > forward.length;
  const [name, place, count] = back ? ["Backward", at - forward.length, backward.length] : ["Forward", at, forward.length];
  tell(figure, `${name}, step ${place} of ${count}: ${back ? last.dataset.backward : last.dataset.forward}`);
}

/** Say something below a graph, single letters as mathematics has them.
 *  @param {Element} figure @param {string} text */
function tell(figure, text) {
  const parts = text.split(/(?<![\p{L}\p{N}_])(\p{L})(?![\p{L}\p{N}_])/u).map((part, k) => {
    if (k % 2 === 0) return part;
    const italic = document.createElement("i");
    italic.textContent = part;
    return italic;
  });
  figure.querySelector(".figure-told")?.replaceChildren(...parts);
}

/** @param {Event} event */
const target = (event) => (event.target instanceof Element ? event.target : null);

document.addEventListener("pointerover", (event) =>
  light(target(event)?.closest(NAMED) ?? document.activeElement?.closest(NAMED)));
document.addEventListener("focusin", (event) => light(target(event)?.closest(NAMED)));
document.addEventListener("focusout", () => light(null));
document.addEventListener("click", (event) => {
  const button = target(event)?.closest("[data-step]"), figure = button?.closest("figure");
  if (figure) step(figure, Number(button?.getAttribute("data-step")));
});
document.addEventListener("keydown", (event) => {
  const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  const figure = target(event)?.closest("figure:has(.figure-steps)"), formula = target(event)?.closest("math");
  if (!by || event.altKey || event.ctrlKey || event.metaKey || !(figure || formula)) return;
  event.preventDefault();   // a wide formula would scroll
  if (figure) return step(figure, by);
  const symbols = all(/** @type {Element} */ (formula), NAMED);
  const next = symbols[symbols.findIndex((symbol) => symbol === document.activeElement) + by];
  if (!next) return;
  for (const symbol of symbols) symbol.setAttribute("tabindex", symbol === next ? "0" : "-1");
  next.focus();
});
