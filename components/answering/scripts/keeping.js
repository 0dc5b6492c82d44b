// Beside the screen for answering: nothing that is typed gets lost, and whoever does not see the screen finds the way.
// It touches only what the screen shows anyway; without it everything works, only less gently.

const PAUSE = 900; // milliseconds after the last key until a text is committed
const PATIENCE = 1500; // a connection that is back sooner was not worth a word
const STORE = "concord-typed";
const OWNER = "concord-typed-by";
const APP = "[data-testid=stApp]";
const OFFLINE =
  "No connection. Keep this page open: what you have typed stays here and is saved as soon as the connection is back.";

const timers = new WeakMap();
const marks = new Map();
const shownBefore = new WeakMap(); // what a field held before it was typed into
let step = null;
let focused = null;
let interrupted = null;
let down = false;
let again = false;
let lost = false;
let lostTimer = 0;
let banner = null;
let voice = null;
let sweeping = 0;
let refusals = new Set();
const cards = new Map();

// ── finding one's way on the screen: containers and widgets carry their key as a class ───────────────────────────────

function token(element, start) {
  return [...(element?.classList ?? [])].find((name) => name.startsWith(start)) ?? "";
}

function boxOf(element) {
  return element?.closest?.('[class*="st-key-answer_box-"]') ?? null;
}

function isField(element) {
  if (!boxOf(element)) return false;
  if (element.tagName === "TEXTAREA") return true;
  return (
    element.tagName === "INPUT" &&
    ["text", "number"].includes(element.type) &&
    element.getAttribute("role") !== "combobox"
  );
}

function nameOf(field) {
  const widget = field.closest('[class*="st-key-"]');
  return `${token(boxOf(field), "st-key-answer_box-")} ${token(widget, "st-key-")}`;
}

function revisionOf(field) {
  const mark = boxOf(field)?.querySelector('[class*="st-key-answer_mark-"]');
  return token(mark, "st-key-answer_mark-").split("-").pop();
}

function connected() {
  return navigator.onLine && document.querySelector(APP)?.dataset.testConnectionState === "CONNECTED";
}

function running() {
  return document.querySelector(APP)?.dataset.testScriptState !== "notRunning";
}

// What Streamlit's key R does: draw the page anew. A server that was started again knows nothing of this page until then,
// and would let every click on it fall.
function drawAnew() {
  for (const kind of ["keydown", "keyup"])
    document.dispatchEvent(new KeyboardEvent(kind, { key: "r", code: "KeyR", keyCode: 82, which: 82, bubbles: true }));
}

// ── what was typed, until the store has confirmed it: the tab's own memory, gone when the tab is closed ──────────────

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

function write(drafts) {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(drafts));
  } catch {
    // no memory to keep it in: the field itself still has it
  }
}

// Whoever signs out, or somebody else who signs in afterwards in the same tab, leaves nothing typed behind.
function forget() {
  try {
    sessionStorage.removeItem(STORE);
    sessionStorage.removeItem(OWNER);
  } catch {
    // no memory, nothing to forget
  }
}

function watchOwner() {
  const owner = token(document.querySelector('[class*="st-key-answer_by-"]'), "st-key-answer_by-");
  try {
    if (!owner || sessionStorage.getItem(OWNER) === owner) return;
    if (sessionStorage.getItem(OWNER)) forget();
    sessionStorage.setItem(OWNER, owner);
  } catch {
    // no memory, nobody's words in it
  }
}

function remember(field) {
  const drafts = read();
  const known = drafts[nameOf(field)] ?? { base: revisionOf(field), sent: null, kept: shownBefore.get(field) ?? null };
  drafts[nameOf(field)] = { ...known, text: field.value };
  write(drafts);
}

function noteSent(field) {
  const drafts = read();
  const draft = drafts[nameOf(field)];
  if (!draft || !connected()) return;
  draft.sent = draft.text;
  write(drafts);
  look(); // what is typed over and back to what was saved moves nothing on the screen
}

// What was sent just before the connection broke may never have arrived.
function doubt() {
  const drafts = read();
  for (const draft of Object.values(drafts)) draft.sent = null;
  write(drafts);
}

function commit(field) {
  if (!connected() || down || field.disabled || !field.isConnected) return;
  if (again && running()) return schedule(field, true); // the page is being drawn anew: what it shows may be old
  const many = field.tagName === "TEXTAREA";
  noteSent(field);
  field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", code: "Enter", keyCode: 13, ctrlKey: many, bubbles: true, cancelable: true }),
  );
}

function put(field, text) {
  const kind = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => commit(field), 100);
}

// Whether a field holds a text, as the store gives it back: without space around it, numbers in any notation.
function shows(field, text) {
  return field.type === "number" ? Number(field.value) === Number(text) : field.value.trim() === text.trim();
}

function reconcile(field, drafts) {
  const name = nameOf(field);
  const draft = drafts[name];
  if (!draft || field.disabled || !connected() || running() || down) return false;
  const revision = revisionOf(field);
  if (revision !== draft.base) {
    if (draft.sent === draft.text && shows(field, draft.text)) {
      delete drafts[name]; // the store has it
    } else if (field.value === draft.text || (draft.sent !== null && shows(field, draft.sent))) {
      draft.base = revision; // more was typed since
      draft.kept = draft.sent;
      schedule(field);
    } else if (!draft.offered) {
      draft.offered = true;
      offer(field, draft.text);
    } else {
      return false;
    }
    return true;
  }
  if (field.value !== draft.text) {
    // the page was drawn anew from the store: after a restart, or on coming back
    if (field.type === "number" && shows(field, draft.text)) {
      delete drafts[name];
      return true;
    }
    draft.tries = (draft.tries ?? 0) + 1;
    if (draft.tries <= 3) setTimeout(put, 0, field, draft.text);
    else if (!draft.offered) {
      draft.offered = true;
      offer(field, draft.text);
    }
    return true;
  }
  if (draft.text === draft.kept && draft.sent === draft.text) {
    delete drafts[name]; // typed over, and back to what the store has: there is nothing to confirm
    return true;
  }
  if (draft.sent !== draft.text && !timers.has(field)) schedule(field, again); // the connection is back
  return false;
}

function schedule(field, complete = false) {
  clearTimeout(timers.get(field));
  if (!complete && field.type === "number" && document.activeElement === field) return; // half a number is not an answer
  timers.set(
    field,
    setTimeout(() => {
      timers.delete(field);
      commit(field);
    }, PAUSE),
  );
}

function offer(field, text) {
  const line = say("In the meantime this was answered elsewhere. You had typed here: “" + text + "”", 0);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Put mine back";
  button.style.cssText = "margin-left:.75rem;font:inherit;text-decoration:underline;background:none;border:0;color:inherit;cursor:pointer";
  button.onclick = () => {
    hush();
    put(field, text);
  };
  line.append(button);
}

// ── words: the banner for the eyes, the live region for the ears ─────────────────────────────────────────────────────

function say(words, seconds, calm = false) {
  hush();
  banner = document.createElement("div");
  banner.setAttribute("role", calm ? "status" : "alert");
  banner.dataset.testid = "connection";
  banner.textContent = words;
  banner.style.cssText =
    "position:fixed;left:50%;transform:translateX(-50%);top:.75rem;width:min(40rem,calc(100vw - 2rem));z-index:1000000;" +
    "box-sizing:border-box;padding:.75rem 1rem;border-radius:.5rem;font:600 .95rem/1.4 inherit;font-family:inherit;" +
    `box-shadow:0 4px 16px rgb(0 0 0 / .25);color:#fff;background:${calm ? "#0b5f58" : "#8a3d05"}`;
  banner.style.fontFamily = getComputedStyle(document.querySelector(APP) ?? document.body).fontFamily;
  document.body.append(banner);
  if (seconds) setTimeout(hush.bind(null, banner), seconds * 1000);
  return banner;
}

function hush(which = banner) {
  which?.remove();
  if (which === banner) banner = null;
}

function announce(words) {
  if (!voice) {
    voice = document.createElement("div");
    voice.setAttribute("role", "status");
    voice.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    document.body.append(voice);
  }
  voice.textContent = "";
  setTimeout(() => (voice.textContent = words), 50);
}

// ── looking at the screen after each change ──────────────────────────────────────────────────────────────────────────

function watchConnection() {
  const state = document.querySelector(APP)?.dataset.testConnectionState;
  if (state && state !== "CONNECTED") down = true;
  else if (down && !running()) {
    down = false;
    again = true;
    setTimeout(() => (again = false), 10_000);
    doubt();
    drawAnew();
  }
  if (!connected()) {
    if (focused && isField(focused.element)) interrupted = nameOf(focused.element);
    closeStreamlitsWords();
    if (!lost && !lostTimer) {
      lostTimer = setTimeout(() => {
        lostTimer = 0;
        if (connected()) return;
        lost = true;
        say(OFFLINE, 0);
      }, PATIENCE);
    }
    return;
  }
  clearTimeout(lostTimer);
  lostTimer = 0;
  if (lost) {
    lost = false;
    const waiting = Object.keys(read()).length;
    say(waiting ? "Connected again. What you had typed is being saved." : "Connected again.", 6, true);
  }
  if (interrupted && document.activeElement === document.body) {
    const field = [...document.querySelectorAll("textarea, input")].find((one) => isField(one) && nameOf(one) === interrupted);
    if (!field || field.disabled) return;
    field.focus({ preventScroll: true });
    if (field.tagName === "TEXTAREA") field.setSelectionRange(field.value.length, field.value.length);
  }
  interrupted = null;
}

// Streamlit's own dialog tells people to restart it in a terminal, and covers what they have typed.
function closeStreamlitsWords() {
  for (const dialog of document.querySelectorAll("[role=dialog]")) {
    if (dialog.textContent.includes("Is Streamlit still running?")) dialog.querySelector("button[aria-label=Close]")?.click();
  }
}

// 'Saved' is a promise about what stands in the field: it is not shown while something newer has not been confirmed.
function showWhatIsSaved(drafts) {
  for (const mark of document.querySelectorAll('[class*="st-key-answer_mark-"]')) {
    const box = token(boxOf(mark), "st-key-answer_box-");
    const waiting = Object.keys(drafts).some((name) => name.startsWith(`${box} `));
    for (const line of mark.querySelectorAll("[data-testid=stMarkdown]")) {
      if (line.textContent.includes("Saved")) line.style.display = waiting ? "none" : "";
    }
  }
}

function followStep() {
  const shown = document.querySelector('[class*="st-key-answer_step-"]');
  const name = token(shown, "st-key-answer_step-");
  if (!name || name === step || running()) return; // until it is drawn whole, the step before stands in it still
  const first = step === null;
  step = name;
  const [, language, pace, key] = name.match(/^st-key-answer_step-([A-Za-z_]+)-(\w+?)-(.*)$/) ?? [];
  if (language && language !== "en") {
    for (const element of shown.querySelectorAll('h2,h3,[class*="-options"]'))
      element.lang = language.replace("_", "-");
  }
  const boxes = [...shown.querySelectorAll('[class*="st-key-answer_box-"]')];
  const wanted = boxes.find((box) => token(box, "st-key-answer_box-").endsWith(`-${key}`));
  const own = wanted && wanted !== boxes[0];
  if (first && !own) return;
  const box = own ? wanted : pace?.startsWith("question") ? boxes[0] : null;
  const target = box?.querySelector("h3") ?? shown.querySelector("h2");
  if (!target) return;
  if (own) bringUp(wanted, "start");
  else document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  if (first) return;
  target.tabIndex = -1;
  target.style.outline = "none";
  target.focus({ preventScroll: true });
}

// One hand-breadth below the header that lies over the top of the screen.
function bringUp(element, block) {
  const header = document.querySelector("[data-testid=stHeader]")?.getBoundingClientRect().bottom ?? 0;
  const foot = document.querySelector("[data-testid=stBottom]")?.getBoundingClientRect().height ?? 0;
  element.style.scrollMarginTop = `${Math.max(header, 48) + 16}px`;
  element.style.scrollMarginBottom = `${foot + 16}px`;
  element.scrollIntoView({ block });
}

// An answer that was refused is looked at again: on a small screen its reason may lie out of view.
function followRefusal() {
  const shown = new Set();
  for (const refusal of document.querySelectorAll('[class*="st-key-answer_refused-"]')) {
    const name = token(boxOf(refusal), "st-key-answer_box-");
    shown.add(name);
    if (refusals.has(name)) continue;
    bringUp(refusal, "nearest");
    const field = [...boxOf(refusal).querySelectorAll("textarea, input")].find(isField);
    if (document.activeElement === document.body || document.activeElement?.closest(".st-key-answer_next"))
      field?.focus({ preventScroll: true });
  }
  refusals = shown;
}

// The next lead is read from its top.
function followCard() {
  for (const card of document.querySelectorAll('[class*="st-key-answer_"][class*="-card-"]')) {
    const name = token(card, "st-key-answer_");
    if (!/-card-\d+$/.test(name)) continue;
    const deck = name.replace(/\d+$/, "");
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", card.querySelector("[data-testid=stProgress]")?.textContent ?? "Lead");
    if (cards.has(deck) && cards.get(deck) !== name) {
      bringUp(card, "start");
      card.tabIndex = -1;
      card.style.outline = "none";
      card.focus({ preventScroll: true });
    }
    cards.set(deck, name);
  }
}

// Nobody has to press Ctrl+Enter here. How much room is left is worth a word only when little is.
function quietHints() {
  for (const hint of document.querySelectorAll('[class*="st-key-answer_box-"] [data-testid=InputInstructions] > span')) {
    const [, used, room] = hint.textContent.match(/^(\d+)\/(\d+)$/) ?? [];
    hint.style.display = room && Number(used) >= 0.9 * Number(room) ? "" : "none";
  }
}

function listen() {
  for (const mark of document.querySelectorAll('[class*="st-key-answer_mark-"]')) {
    const name = token(mark, "st-key-answer_mark-");
    const question = name.slice(0, name.lastIndexOf("-"));
    const saved = mark.textContent.includes("Saved");
    if (marks.has(question) && marks.get(question) !== name && saved) announce("Saved");
    marks.set(question, name);
  }
}

function nameButtons() {
  for (const row of document.querySelectorAll('[class*="st-key-answer_"][class*="-place-"]')) {
    const text = row.querySelector("[data-testid=stMarkdown]")?.textContent.replace(/^\d+\.\s*/, "") ?? "";
    const words = { "-up-": "Move up", "-down-": "Move down", "-out-": "Take out" };
    for (const [part, word] of Object.entries(words))
      row.querySelector(`[class*="${part}"] button`)?.setAttribute("aria-label", `${word}: ${text}`);
  }
  // an option that is chosen is a button that is pressed
  for (const option of document.querySelectorAll('[class*="-option-"] button, [class*="-cannot-say"] button'))
    option.setAttribute("aria-pressed", String(option.getAttribute("kind") === "primary"));
  for (const options of document.querySelectorAll('[class*="-options"][class*="st-key-answer_"]')) {
    const heading = boxOf(options)?.querySelector("h3");
    options.setAttribute("role", "group");
    if (heading) options.setAttribute("aria-label", heading.textContent);
  }
  for (const bin of document.querySelectorAll('[class*="-conditions_"][class*="_remove"] button'))
    bin.setAttribute("aria-label", "Take this condition out");
}

function keepFocus() {
  if (!focused || document.activeElement !== document.body || focused.element.isConnected) return;
  const { box, widget } = focused;
  focused = null;
  const again = widget && document.querySelector(`.${CSS.escape(widget)} button:not(:disabled)`);
  const group = widget.match(/-(next|up|down|out)-\d+$/)?.[1];
  const home = document.querySelector(`.${CSS.escape(box)}`);
  const others = group === "out" ? ["out", "next"] : ["next", "up", "down"];
  const other = others.map((kind) => home?.querySelector(`[class*="-${kind}-"] button:not(:disabled)`)).find(Boolean);
  (again || (group && other))?.focus();
}

function sweep() {
  sweeping = 0;
  watchOwner();
  watchConnection();
  followStep();
  followRefusal();
  followCard();
  quietHints();
  listen();
  nameButtons();
  keepFocus();
  const drafts = read();
  let changed = false;
  for (const field of document.querySelectorAll("textarea, input")) {
    if (isField(field)) changed = reconcile(field, drafts) || changed;
  }
  if (changed) write(drafts);
  showWhatIsSaved(drafts);
}

function look() {
  if (!sweeping) sweeping = setTimeout(sweep, 40);
}

function start() {
  document.addEventListener("input", (event) => {
    if (!isField(event.target)) return;
    remember(event.target);
    schedule(event.target);
    look();
  }, true);
  document.addEventListener("beforeinput", (event) => isField(event.target) && shownBefore.set(event.target, event.target.value), true);
  // Enter (a phone's Go) commits without leaving the field
  document.addEventListener("keydown", (event) => {
    const many = event.target.tagName === "TEXTAREA";
    if (event.key === "Enter" && isField(event.target) && (!many || event.ctrlKey || event.metaKey)) noteSent(event.target);
  }, true);
  document.addEventListener("focusout", (event) => isField(event.target) && noteSent(event.target), true);
  document.addEventListener("click", (event) => {
    if (connected() && event.target.closest?.(".st-key-session_sign_out button")) forget();
  }, true);
  document.addEventListener("focusin", (event) => {
    const box = boxOf(event.target);
    const widget = token(event.target.closest('[class*="st-key-"]'), "st-key-");
    focused = box && { element: event.target, box: token(box, "st-key-answer_box-"), widget };
  });
  addEventListener("online", look);
  addEventListener("offline", look);
  addEventListener("beforeunload", (event) => {
    const waiting = Object.values(read()).some((draft) => draft.sent !== draft.text);
    if (waiting && !connected()) event.preventDefault();
  });
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["class", "kind", "data-test-connection-state", "data-test-script-state", "disabled"],
  });
  look();
}

if (!window.concordKeeping) {
  window.concordKeeping = true;
  start();
}
