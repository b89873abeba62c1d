/* On paper nothing scrolls. A formula that is wider than its column is set smaller; one that would
   become too small to read takes the margin as well, below the note that stands there. */
document.fonts.ready.then(() => {
  for (const box of document.querySelectorAll(".math-display")) {
    const wanted = box.scrollWidth;   // the formula's own width, if it is more than the column's
    if (wanted * 0.75 > box.clientWidth) box.classList.add("wide");
    if (wanted > box.clientWidth) box.style.fontSize = `${Math.floor((98 * box.clientWidth) / wanted)}%`;
  }
});
