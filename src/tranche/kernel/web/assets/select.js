// Counts and sums the ticked rows of a list in its bar. Whole pages and whole lists are chosen, and summed, by the
// server; a box says its amount as the page shows it: data-money="1,234.50 EUR".
const bar = document.querySelector("[data-pick]");
const boxes = [...document.querySelectorAll(`input[form="${bar.id}"]:not(:disabled)`)];
const [count, sum, send] = ["count", "sum", "send"].map((part) => bar.querySelector(`[data-pick-${part}]`));

function tell() {
  const ticked = boxes.filter((box) => box.checked);
  const sums = new Map();
  for (const box of ticked) {
    const [amount, currency] = box.dataset.money.replaceAll(",", "").split(" ");
    const [whole, part = ""] = amount.split(".");
    const [before, digits] = sums.get(currency) ?? [0, part.length];
    sums.set(currency, [before + Number(whole + part), digits]);
  }
  const write = ([currency, [amount, digits]]) =>
    `${(amount / 10 ** digits).toLocaleString("en-US", { minimumFractionDigits: digits })} ${currency}`;
  const told = `${ticked.length.toLocaleString("en-US")} ${ticked.length === 1 ? "order" : "orders"} chosen`;
  count.textContent = ticked.length ? told : "Choose orders to invoice";
  sum.textContent = [...sums].map(write).join(" + ");
  send.disabled = !ticked.length;
  bar.classList.toggle("is-idle", !ticked.length);
}

for (const box of boxes) box.addEventListener("change", tell);
if (boxes.length) tell();
