/* Fits what is wider than its column, once the fonts are there: on paper nothing scrolls. */
document.fonts.ready.then(() => {
  for (const box of document.querySelectorAll(".math-display")) {
    const formula = box.querySelector("math");
    const room = box.clientWidth, wanted = formula ? formula.getBoundingClientRect().width : 0;
    if (wanted > room) box.style.fontSize = `${Math.max(60, Math.floor((98 * room) / wanted))}%`;
  }
});
