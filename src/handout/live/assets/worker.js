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

/** @param {{stalled: boolean, page: {total: number, bundle: string, runtime: string, modules: Record<string, string>}}} options */
async function start({page, stalled}) {
  countTransfers(page.total, stalled ? "reload" : "default");
  const runtime = new URL(page.runtime, import.meta.url).href;
  const {loadPyodide} = await import(`${runtime}pyodide.mjs`);
  const glue = URL.createObjectURL(await (await fetch(`${runtime}pyodide.asm.js`)).blob());
  await import(glue);   // what the runtime would load by itself, uncompressed
  URL.revokeObjectURL(glue);
  const [python, modules] = await Promise.all([
    loadPyodide({indexURL: runtime, packages: ["numpy"]}),
    fetch(new URL(page.bundle, import.meta.url)).then((response) => whole(response).arrayBuffer()),
  ]);
  for (const [name, text] of Object.entries(page.modules)) python.FS.writeFile(name, text);
  const home = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(modules, "zip", {extractDir: home});
  const session = python.pyimport("handout.live.session");
  answer = session.answering(JSON.stringify(page));
}

/* Files are counted as they come, and the large ones, which lie compressed on the server, are unpacked
   here: not every server compresses. After a load that stalled, no file waits for one of its requests. */
const STALLED = 30;   // s in which nothing of a file has come
/** @type {Record<string, string>} */
const PACKED = {"pyodide.asm.wasm": "application/wasm", "pyodide.asm.js": "text/javascript"};

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
    const packed = PACKED[address.slice(address.lastIndexOf("/") + 1)];
    open += 1;
    const response = whole(await plain(packed ? `${address}.gz` : request, {cache, ...options}));
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
    const type = packed ?? response.headers.get("Content-Type") ?? "";
    return new Response(body, {headers: {"Content-Type": type}});
  };
}

function whole(/** @type {Response} */ response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  return response;
}
