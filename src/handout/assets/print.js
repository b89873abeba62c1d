// @ts-check
/* Once the fonts are there: what depends on how large things have become. */
document.fonts.ready.then(() => {
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".math-display")).forEach(fit);
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".note")).forEach(holdNote);
});

/* On paper nothing scrolls. A formula that is wider than its column is set smaller; one that would
   become too small to read takes the margin as well, below the note that stands there. */
function fit(/** @type {HTMLElement} */ box) {
  const wanted = box.scrollWidth;   // the formula's own width, if it is more than the column's
  if (wanted * 0.75 > box.clientWidth) box.classList.add("wide");
  if (wanted > box.clientWidth) box.style.fontSize = `${Math.floor((98 * box.clientWidth) / wanted)}%`;
}

/* A note that is hardly higher than its formula makes room for itself, so that no page ends between
   the two; a long one hangs down beside the text that follows, and the next one starts below it. */
let last = 0;
function holdNote(/** @type {HTMLElement} */ note) {
  const claim = note.parentElement, formula = /** @type {HTMLElement | null} */ (note.nextElementSibling);
  if (claim?.className === "claim" && formula) {
    const fits = note.offsetHeight - formula.offsetHeight < 40 && claim.getBoundingClientRect().top >= last;
    if (fits) claim.style.display = "flow-root";
  }
  last = note.getBoundingClientRect().bottom;
}
