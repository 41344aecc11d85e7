// Follows one operation: every event fetches its part of the page anew, at most four times a second. Without a stream
// the part asks by itself every five seconds. The browser comes back with Last-Event-ID; 204 tells it to stop.
const part = () => document.getElementById("live");
let waiting;

function follow() {
  const source = new EventSource(`/api/operations/${part().dataset.operation}/events`);
  source.addEventListener("operation", () => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      part()?.dispatchEvent(new CustomEvent("changed"));
      if (!part() || !("follows" in part().dataset)) source.close();
    }, 250);
  });
}

if (part() && "follows" in part().dataset) follow();
