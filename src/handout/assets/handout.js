// @ts-check
/* What a page can do beyond being read: filter the verdicts, open the card that a link names, print.
   Without scripts everything is still there; this file only adds. */

const HERE = /** @type {HTMLScriptElement} */ (document.currentScript).src;

document.addEventListener("DOMContentLoaded", () => {
  const changes = /** @type {any} */ (window).document$;   // Material's: after each instant change
  if (changes) changes.subscribe(eachPage);
  else eachPage();
  new ResizeObserver(letScrollersTakeFocus).observe(document.body);
  document.addEventListener("toggle", letScrollersTakeFocus, true);   // a card's inside has a size now
});
window.addEventListener("hashchange", openLinkedCard);

function eachPage() {
  document.querySelectorAll(".verdict-table").forEach(addFilters);
  addPrintButton();
  nameLandmarks();
  openLinkedCard();
  letScrollersTakeFocus();
  if (document.querySelector(".figure-steps")) import(new URL("graph.js", HERE).href).then(({prepare}) => prepare());
}

/** The choices of page, kind and status narrow the table; the line above announces what is left.
 *  @param {Element} table */
function addFilters(table) {
  const rows = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("tbody tr")]);
  const choices = /** @type {HTMLSelectElement[]} */ ([...table.querySelectorAll(".verdict-filters select")]);
  const summary = /** @type {HTMLElement} */ (table.querySelector(".verdict-summary"));
  const everything = summary.textContent;
  table.querySelector(".verdict-filters")?.addEventListener("change", () => {
    const shown = rows.filter((row) => {
      row.hidden = choices.some(({value, dataset}) => value && row.dataset[dataset.name ?? ""] !== value);
      return !row.hidden;
    });
    summary.textContent = shown.length === rows.length ? everything : `${shown.length} of ${everything}`;
  });
}

/* Browsers open a card when its inside is linked to; some only on the first visit. */
function openLinkedCard() {
  let target = null;
  try {
    target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return;   // the address is not valid UTF-8; it names no card
  }
  const card = /** @type {HTMLDetailsElement | null | undefined} */ (target?.closest("details.verdict"));
  if (!card) return;
  card.open = true;
  card.scrollIntoView({block: "center"});
}

function addPrintButton() {
  const content = document.querySelector(".md-content__inner");
  if (!content || content.querySelector(".print-button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Print this page";
  button.className = "md-content__button md-icon print-button";
  button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M18 3H6v4h12m1 5a1 1 0 0 1-1-1 1 1 0 0 1 1-1 1 1 0 0 1 1 1 1 1 0 0 1-1 1m-3 7H8v-5h8m3-6H5a3 3 0 0 0-3 3v6h4v4h12v-4h4v-6a3 3 0 0 0-3-3Z"/></svg>';
  button.addEventListener("click", () => window.print());
  content.prepend(button);
}

/* The theme leaves its search dialogue without a name, and makes a landmark of each copy button. */
function nameLandmarks() {
  document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
  const plain = () => {
    for (const bar of document.querySelectorAll("nav.md-code__nav:not([role])")) bar.setAttribute("role", "none");
  };
  new MutationObserver(plain).observe(document.querySelector(".md-content") ?? document.body, {childList: true, subtree: true});
  plain();
}

/* A box that scrolls must be reachable by keyboard, and say what it is; one that does not should not
   be a stop. Most browsers do that by themselves, but not all. */
const SCROLLERS = {
  ".math-display, .verdict-math": "Formula",
  ".md-typeset__scrollwrap": "Table",   // which the theme puts around tables
  ".verdict-scroll": "All verdicts",
  ".md-typeset pre > code": "Code",
  ".cell-outputs pre, .cell-html": "Output",
  ".live-understood pre": "Message",
};
function letScrollersTakeFocus() {
  for (const [boxes, name] of Object.entries(SCROLLERS)) {
    for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(boxes))) {
      const hidden = getComputedStyle(box).overflowY === "hidden";
      if (box.scrollWidth > box.clientWidth || (!hidden && box.scrollHeight > box.clientHeight)) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.ariaLabel ||= name;
      } else box.removeAttribute("tabindex");
    }
  }
}
