// What the shell does beyond HTML: the bell, toasts, the theme, copying. Everything works without it but that.
const $ = (selector, root = document) => root.querySelector(selector);
const root = document.documentElement;

// Light and dark: the form works by itself, this spares the way to the server.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-form]")) return;
  event.preventDefault();
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = theme;
  document.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=31536000`;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy],[data-dismiss],[command='show-modal'],[command='close']");
  if (!button) return;
  if (button.dataset.copy) {
    await navigator.clipboard.writeText($(button.dataset.copy).textContent.trim());
    toast("Copied.", "good");
  } else if ("dismiss" in button.dataset) button.closest(".toast-word").remove();
  else if (!("commandForElement" in button)) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    button.getAttribute("command") === "close" ? dialog.close() : dialog.showModal();
  }
});

// A form that came back with faults stands in its question again.
for (const ask of document.querySelectorAll("dialog.ask[open]")) {
  ask.close();
  ask.showModal();
}

// A link that signs in.
$("form[data-go]")?.requestSubmit();

$(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// "/" goes to the search; arrows go through what it found, Escape leaves it.
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const stops = [...document.querySelectorAll("#search,#search-hits a")];
  const at = stops.indexOf(target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (key === "/" && !target.closest("input,textarea,select,[contenteditable]")) stops[0]?.focus();
  else if (step && at >= 0) stops.at((at + step) % stops.length).focus();
  else return key === "Escape" && at >= 0 && target.blur();
  event.preventDefault();
});

function toast(text, tone = "neutral", href = "", key = "") {
  const word = $("#toast-word").content.firstElementChild.cloneNode(true);
  word.classList.add(`tone-${tone}`);
  $(".toast-text", word).textContent = text;
  const link = $("a", word);
  href ? (link.href = href) : link.remove();
  if (key) word.dataset.key = key;
  $("#toasts").append(word);
  setTimeout(() => word.remove(), tone === "bad" ? 20000 : 8000);
}

// Pages and htmx answers may say a word: HX-Trigger: {"toast": {"text": ..., "tone": ...}}
document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
setTimeout(() => $("#toasts .toast-word:not(.tone-bad)")?.remove(), 8000);

// How long ago: the server writes it once, here it goes on.
const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
function age() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000);
    const [size, unit] = units.find(([size]) => seconds >= size) || [1, "s"];
    time.textContent = `${Math.floor(seconds / size)} ${unit} ago`;
  }
}
setInterval(age, 1000);

// The bell: one stream for the whole organization, open only while somebody looks at the page.
const bell = $("#bell");
const key = `ended:${bell?.dataset.organization}`;
let stream;
function listen() {
  if (!bell || document.hidden === !stream) return;
  if (document.hidden) {
    stream.close();
    stream = undefined;
    return;
  }
  stream = new EventSource("/events");
  stream.addEventListener("bell", ({ data }) => {
    const { running, ended, html } = JSON.parse(data);
    bell.innerHTML = html;
    age();
    const count = $("#bell-count");
    count.hidden = !running;
    count.textContent = running;
    const last = Number(sessionStorage.getItem(key) ?? Infinity);
    const fresh = ended.filter((one) => one.at > last);
    for (const one of fresh) toast(one.text, one.tone, one.path, one.id);
    const newest = Math.max(0, ...ended.map((one) => one.at));
    sessionStorage.setItem(key, Math.max(newest, Number.isFinite(last) ? last : 0));
    // Lists that show what has just changed fetch themselves anew: hx-trigger="operation-ended from:body"
    if (fresh.length) document.body.dispatchEvent(new CustomEvent("operation-ended", { detail: fresh }));
  });
}
document.addEventListener("visibilitychange", listen);
listen();
age();
