// @ts-check
/* Python for one page, outside the page's own thread. The page asks, one question at a time:

     {id, ask: "start", ...}    load the runtime and the page's cells; answers when Python stands by
     {id, ask: NAME, ...}       a method of `handout.live.session.Session`, with JSON in and out

   and hears {id, answer} or {id, failed}; while files arrive {got, of}, and {stalled} when they do not. */

/** @type {(text: string) => string} */
let answer;

self.onmessage = async ({data: {id, ask, ...rest}}) => {
  try {
    if (ask === "start") await start(rest);
    else postMessage({id, answer: JSON.parse(answer(JSON.stringify({ask, ...rest})))});
    if (ask === "start") postMessage({id, answer: {}});
  } catch (error) {
    postMessage({id, failed: String(/** @type {any} */ (error)?.message ?? error)});
  }
};

/** @typedef {{path: string, total: number, bundle: string, runtime: string, packages: string[],
 *    modules: Record<string, string>, files: string[]}} Page */

/** @param {{stalled: boolean, page: Page}} options */
async function start({page, stalled}) {
  countTransfers(page.total, stalled ? "reload" : "default");
  const runtime = new URL(page.runtime, import.meta.url).href;
  const [{loadPyodide}] = await Promise.all([
    imported(`${runtime}pyodide.mjs`),
    imported(`${runtime}pyodide.asm.js`),   // what the runtime would load by itself, uncompressed
  ]);
  const [python, modules, files] = await Promise.all([
    loadPyodide({indexURL: runtime, packages: ["numpy", ...page.packages]}),
    fetch(new URL(page.bundle, import.meta.url)).then((response) => whole(response).arrayBuffer()),
    Promise.all(page.files.map(read)),
  ]);
  const home = python.runPython("import site, sys; sys.path.insert(0, ''); site.getsitepackages()[0]");
  python.unpackArchive(modules, "zip", {extractDir: home});
  const folder = page.path.slice(0, page.path.lastIndexOf("/") + 1);
  const write = (/** @type {string} */ name, /** @type {string | Uint8Array} */ content) => {
    python.FS.mkdirTree(`${DOCS}${name.slice(0, name.lastIndexOf("/") + 1)}`);
    python.FS.writeFile(DOCS + name, content);
  };
  for (const [name, text] of Object.entries(page.modules)) write(folder + name, text);
  for (const [number, name] of page.files.entries()) write(name, files[number]);
  python.FS.mkdirTree(DOCS + folder);
  python.FS.chdir(DOCS + folder);   // so that names of files mean what they mean in the build
  answer = python.pyimport("handout.live.session").answering(JSON.stringify(page));
}

const DOCS = "/home/pyodide/docs/";

/** A file of the site that the page's cells read. @param {string} name */
async function read(name) {
  const response = await fetch(new URL(`../../../${name.split("/").map(encodeURIComponent).join("/")}`, import.meta.url));
  if (!response.ok) throw new Error(`The code on this page reads ${name}, which the site does not have`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A module, loaded as all other files are. @param {string} address */
async function imported(address) {
  const code = await whole(await fetch(address)).arrayBuffer();
  const module = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
  const found = await import(module);
  URL.revokeObjectURL(module);
  return found;
}

/* Files are counted as they come, and the large ones, which lie compressed on the server, are unpacked
   here: not every server compresses. After a load that stalled, no file waits for one of its requests. */
const STALLED = 30;   // s in which nothing of a file has come
const PACKED = /\/(pyodide\.asm\.(wasm|js)|python_stdlib\.zip|edf-\w+\.zip)$/;
/** @type {Record<string, string>} */
const TYPES = {wasm: "application/wasm"};

function countTransfers(/** @type {number} */ total, /** @type {RequestCache} */ cache) {
  let got = 0, open = 0, last = Date.now(), tick = last;
  setInterval(() => {
    const now = Date.now();
    if (now - tick > 5000 || !open) last = now;   // what came meanwhile could not be seen, or nothing is to come
    tick = now;
    if (now - last > 1000 * STALLED) postMessage({stalled: STALLED});
  }, 1000);
  const plain = self.fetch.bind(self);
  self.fetch = async (request, options) => {
    const address = String(/** @type {Request} */ (request).url ?? request);
    const packed = PACKED.exec(address);
    open += 1;
    const response = await plain(packed ? `${address}.gz` : request, {cache, ...options});
    if (!response.ok) {
      open -= 1;
      return response;
    }
    const counted = /** @type {ReadableStream} */ (response.body).pipeThrough(new TransformStream({
      flush() {
        open -= 1;
      },
      transform(chunk, controller) {
        last = Date.now();
        got += chunk.length;
        postMessage({got, of: Math.max(got, total)});
        controller.enqueue(chunk);
      },
    }));
    const body = packed ? counted.pipeThrough(new DecompressionStream("gzip")) : counted;
    const type = packed ? TYPES[packed[2]] ?? "" : response.headers.get("Content-Type") ?? "";
    return new Response(body, {headers: {"Content-Type": type}});
  };
}

function whole(/** @type {Response} */ response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  return response;
}
