// @ts-check
/* A service worker: what a reader has used once is there without a network. The runtime's files have
   their version in their address and come from the cache; everything else is asked for anew, and comes
   from the cache when nobody answers. */

const CACHE = "handout-live";
const FIXED = /\/assets\/handout\/live\/(pyodide-|editors-|edf-)/;
const self_ = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

self_.addEventListener("install", () => self_.skipWaiting());
self_.addEventListener("activate", (event) => event.waitUntil(self_.clients.claim()));
self_.addEventListener("message", (event) => {   // what the page had loaded before we were here
  event.waitUntil(caches.open(CACHE).then((cache) => Promise.all(
    event.data.keep.map((/** @type {string} */ address) => cache.add(address).catch(() => {})))));
});
self_.addEventListener("fetch", (event) => {
  const {request} = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(FIXED.test(request.url) ? cachedFirst(request) : networkFirst(request));
});

async function cachedFirst(/** @type {Request} */ request) {
  return await caches.match(request, {ignoreSearch: true}) ?? await kept(request);
}

async function networkFirst(/** @type {Request} */ request) {
  try {
    return await kept(request);
  } catch (error) {
    const found = await caches.match(request, {ignoreSearch: true});
    if (found) return found;
    throw error;
  }
}

async function kept(/** @type {Request} */ request) {
  const response = await fetch(request);
  if (response.ok && response.type === "basic") {
    const copy = response.clone();
    const cache = await caches.open(CACHE);
    await cache.put(request, copy).catch(() => {});   // a full disk is no reason to fail
  }
  return response;
}
