// Draws the time series of a page: figures with data-chart, by uPlot, in the colours of the theme.
const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function draw(figure) {
  figure.replaceChildren();
  const { x, series } = JSON.parse(figure.dataset.chart);
  const axis = { stroke: tone("muted"), grid: { stroke: tone("line"), width: 1 }, ticks: { show: false }, font: "11px Inter" };
  const lines = series.map(({ label, tone: name }) => ({
    label,
    stroke: tone(name || "accent"),
    width: 1.75,
    fill: series.length === 1 ? tone("accent-soft") : undefined,
    points: { show: x.length < 40 },
  }));
  const size = { width: figure.clientWidth, height: 200 };
  new uPlot({ ...size, axes: [axis, axis], series: [{}, ...lines] }, [x, ...series.map(({ values }) => values)], figure);
}

const figures = document.querySelectorAll("[data-chart]");
const all = () => figures.forEach(draw);
all();
new MutationObserver(all).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(all, 150);
});
