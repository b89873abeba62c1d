// @ts-check
/* A point to play with: where a claim fails, a slider for each component of the point. Both sides and
   every factor follow, computed by the code that judged the claim. */

/** @typedef {number | number[] | number[][]} Value
 *  @typedef {{step: number, of: number, html: string, point: Record<string, Value>,
 *    explore: {leaves: Record<string, "real" | "positive">}}} Refuted
 *  @typedef {{number: number, source: string, asking(question: object): Promise<any>}} Asker
 *  @typedef {(tag: string, properties?: Record<string, any>, ...children: (Node | string)[]) => HTMLElement} Make */

const MOST = 40;   // sliders of one step; of a larger point, the first components

/** Fill the folded part. @param {Asker} editor @param {HTMLElement} details @param {Make} make */
export async function move(editor, details, make) {
  if (details.children.length > 1) return;
  const status = make("p", {role: "status", className: "live-state"}, "Looking for the point ...");
  details.append(status);
  const said = await editor.asking({ask: "explore", cell: editor.number, source: editor.source});
  const steps = /** @type {Refuted[]} */ (said?.steps ?? []);
  status.textContent = steps.length ? "" : said?.said ?? "This point cannot be moved: it has other lengths than the page's own, or no component that is free";
  for (const step of steps) details.append(playground(editor, step, make));
}

/** @param {Asker} editor @param {Refuted} refuted @param {Make} make */
function playground(editor, refuted, make) {
  const point = structuredClone(refuted.point);
  const status = make("p", {role: "status", className: "live-state"}, "The sides differ here");
  const sides = make("div", {className: "live-sides", innerHTML: refuted.html});
  const follow = newest(async () => {
    const said = await editor.asking({ask: "at", cell: editor.number, source: editor.source, refuted, point});
    if (!said) return;
    sides.innerHTML = said.html;
    status.textContent = said.said;
  });
  /** @type {(() => void)[]} */ const resets = [];
  let count = 0;
  const groups = Object.entries(refuted.explore.leaves).map(([name, kind]) => {
    const group = make("fieldset", {}, make("legend", {}, name));
    for (const place of places(point[name])) {
      if (++count > MOST) continue;
      group.append(slider(make, name, place, kind === "positive", get(point[name], place), (value) => {
        if (place.length) put(point[name], place, value);
        else point[name] = value;
        follow();
      }, resets));
    }
    return group;
  });
  const reset = make("button", {type: "button", onclick: () => resets.forEach((again) => again())}, "Back to the counterexample");
  const title = refuted.of > 1 ? `Step ${refuted.step} of ${refuted.of}` : "The point";
  const more = count > MOST ? [make("p", {}, `The first ${MOST} of ${count} components.`)] : [];
  return make("div", {className: "live-playground", role: "group", "aria-label": title},
    ...(refuted.of > 1 ? [make("p", {}, title)] : []),
    make("div", {className: "live-sliders"}, ...groups), ...more, make("div", {className: "live-bar"}, reset, status), sides);
}

/** One component: a slider, its label, and its value, which can be typed too.
 *  @param {Make} make @param {string} name @param {number[]} place @param {boolean} positive
 *  @param {number} start @param {(value: number) => void} moved @param {(() => void)[]} resets */
function slider(make, name, place, positive, start, moved, resets) {
  const reach = Math.max(4, Math.ceil(2 * Math.abs(start)));
  const low = positive ? 0.1 : -reach;
  const label = place.length ? `${name}[${place.join(", ")}]` : name;
  const range = /** @type {HTMLInputElement} */ (make("input", {type: "range", min: String(low), max: String(reach), step: "0.1"}));
  const number = /** @type {HTMLInputElement} */ (make("input", {type: "number", step: "any", "aria-label": `${label}, exactly`}));
  const set = (/** @type {number} */ value) => {
    range.value = number.value = String(Number(value.toPrecision(6)));
  };
  set(start);
  range.oninput = () => {
    number.value = range.value;
    moved(range.valueAsNumber);
  };
  number.oninput = () => {
    if (Number.isNaN(number.valueAsNumber)) return;
    range.value = number.value;
    moved(number.valueAsNumber);
  };
  resets.push(() => {
    set(start);
    moved(start);
  });
  return make("div", {className: "live-slider"}, make("label", {}, make("span", {}, label), range), number);
}

/** All places in an array of numbers. @param {any} value @returns {number[][]} */
function places(value) {
  if (!Array.isArray(value)) return [[]];
  return value.flatMap((item, index) => places(item).map((rest) => [index, ...rest]));
}

/** @param {any} value @param {number[]} place @returns {number} */
const get = (value, place) => place.reduce((part, index) => part[index], value);

/** @param {any} value @param {number[]} place @param {number} number */
function put(value, place, number) {
  const row = /** @type {any} */ (get(value, place.slice(0, -1)));
  row[place[place.length - 1]] = number;
}

/** Do something slow again and again, one at a time; of what is asked meanwhile, the newest.
 *  @param {() => Promise<void>} act */
function newest(act) {
  let busy = false, again = false;
  return async function run() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    await act();
    busy = false;
    if (again) {
      again = false;
      run();
    }
  };
}
