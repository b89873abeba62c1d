// @ts-check
/* Better editors in the place of a text field, which keeps the text: CodeMirror for Python, MathLive for
   formulas. Loaded when they are first wanted, from the site itself.

   Each function takes the field, its label, and the address of the editors' folder, and returns what sets
   the text, focuses, and ends the editor. */

/** @typedef {{set(text: string): void, focus(): void, end(): void}} Better */

/** @param {HTMLTextAreaElement} field @param {HTMLElement} label @param {string} base @returns {Promise<Better>} */
export async function codeField(field, label, base) {
  const load = (/** @type {string} */ name) => import(`${base}code/${name}.js`);
  const [state, view, commands, language, python, highlight] = await Promise.all([
    "codemirror-state", "codemirror-view", "codemirror-commands", "codemirror-language", "codemirror-lang-python", "lezer-highlight",
  ].map(load));
  const {tags} = highlight;
  const colour = (/** @type {string} */ name) => `var(--md-code-hl-${name}-color)`;
  const colours = language.HighlightStyle.define([
    {tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], color: colour("keyword")},
    {tag: [tags.string, tags.special(tags.string)], color: colour("string")},
    {tag: tags.number, color: colour("number")},
    {tag: tags.comment, color: colour("comment")},
    {tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], color: colour("function")},
    {tag: tags.operator, color: colour("operator")},
  ]);
  const submit = () => field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true}));
  const editor = new view.EditorView({
    state: state.EditorState.create({
      doc: field.value,
      selection: {anchor: Math.min(field.selectionStart, field.value.length)},
      extensions: [
        // Tab leaves the editor, as it leaves a text field; Ctrl+] and Ctrl+[ indent.
        view.keymap.of([{key: "Mod-Enter", run: () => submit()}, ...commands.historyKeymap, ...commands.defaultKeymap]),
        commands.history(), view.drawSelection(), language.bracketMatching(), language.indentOnInput(),
        language.indentUnit.of("    "), python.python().language, python.python().support,
        language.syntaxHighlighting(colours),
        view.EditorView.contentAttributes.of({"aria-labelledby": label.id, tabindex: "0", spellcheck: "false"}),
        view.EditorView.updateListener.of((/** @type {any} */ update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          field.dispatchEvent(new Event("input"));
        }),
      ],
    }),
  });
  editor.dom.classList.add("live-code");
  field.after(editor.dom);
  return {
    set: (text) => editor.dispatch({changes: {from: 0, to: editor.state.doc.length, insert: text}}),
    focus: () => editor.focus(),
    end: () => editor.destroy(),
  };
}

/** @param {HTMLTextAreaElement} field @param {HTMLElement} label @param {string} base @returns {Promise<Better>} */
export async function formulaField(field, label, base) {
  const {MathfieldElement} = await import(`${base}formulas/mathlive.mjs`);
  MathfieldElement.fontsDirectory = `${base}formulas/fonts`;
  MathfieldElement.soundsDirectory = null;
  MathfieldElement.plonkSound = null;
  const editor = new MathfieldElement();
  editor.setAttribute("aria-label", label.textContent);
  editor.classList.add("live-visual");
  editor.value = field.value;
  editor.addEventListener("input", () => {
    field.value = editor.getValue("latex-without-placeholders");
    field.dispatchEvent(new Event("input"));
  });
  editor.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true}));
  }, {capture: true});
  field.after(editor);
  editor.menuItems = [];
  return {
    set: (text) => editor.setValue(text, {silenceNotifications: true}),
    focus: () => editor.focus(),
    end: () => editor.remove(),
  };
}
