/* The formula sheet: each identity can be copied, as LaTeX and as a program that tests it. The cells are those
   that the page carries for its readers to change. */

(() => {
const raw = (text) => `r"""${text.trim()}"""`;

/** The program that declares and defines what stands above a claim in its section, and tests the claim. */
function program(claim, above) {
  const lines = ["from edf.equations import check_equation, declare, define", "", "names = {}"];
  for (const cell of above) {
    if (cell.kind === "python") lines.push(cell.source.trim(), "names |= globals()");
    else lines.push(`names |= ${cell.role === "let" ? "declare" : "define"}(${raw(cell.source)}, names)`);
  }
  const reading = claim.options.reading ? `, reading="${claim.options.reading}"` : "";
  lines.push(`for verdict in check_equation(${raw(claim.source)}, names${reading}):`, "    print(verdict)", "");
  return lines.join("\n");
}

function button(name, label, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = name;
  made.setAttribute("aria-label", `${name} of ${label}`);
  made.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    made.textContent = "Copied";
    setTimeout(() => { made.textContent = name; }, 1500);
  });
  return made;
}

function begin() {
  const sheet = document.querySelector(".sheet");
  const data = document.querySelector("script.live-page");
  if (!sheet || !data || sheet.querySelector(".sheet-copy button")) return;
  const {cells} = JSON.parse(data.textContent);
  let above = [], title = "";
  for (const element of sheet.querySelectorAll("h2, h3, .live-cell")) {
    if (element.tagName === "H2") above = [];
    else if (element.tagName === "H3") title = element.firstChild.textContent;
    else {
      const cell = cells[element.dataset.cell], before = [...above];
      if (cell.role !== "claim") { above.push(cell); continue; }
      const row = document.createElement("div");
      row.className = "sheet-copy";
      row.append(button("Copy LaTeX", title, () => cell.source.trim()),
                 button("Copy code", title, () => program(cell, before)));
      element.append(row);
    }
  }
}
if (window.document$) document$.subscribe(begin);
else document.addEventListener("DOMContentLoaded", begin);
})();
