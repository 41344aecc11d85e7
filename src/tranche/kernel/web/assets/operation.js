// Follows one operation: what the stream tells fetches the part of the page anew, twice a second at most and never
// while a question stands open. Where no stream comes through, the part is asked for every two seconds. The browser
// comes back with Last-Event-ID by itself; 204 tells it to stop.
const part = () => document.getElementById("live");
const follows = () => part() && "follows" in part().dataset;
let waiting;

function refresh(after = 500) {
  waiting ??= setTimeout(() => {
    waiting = undefined;
    document.querySelector("dialog[open]") ? refresh() : part()?.dispatchEvent(new CustomEvent("changed"));
  }, after);
}

if (follows()) {
  const source = new EventSource(`/api/operations/${part().dataset.operation}/events`);
  source.addEventListener("operation", () => refresh());
  const poll = setInterval(() => {
    if (follows()) return source.readyState === EventSource.OPEN || refresh(0);
    source.close();
    clearInterval(poll);
  }, 2000);
}
