// Sets light or dark before the page is drawn, so that it never flashes in the wrong one.
(() => {
  const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => (document.documentElement.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light"));
  apply();
  dark.addEventListener("change", apply);
})();
