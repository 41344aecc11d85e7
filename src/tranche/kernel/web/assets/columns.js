// The status of a column follows what is chosen for it; the server says the same when it reads the file again.
document.querySelector(".column-map").addEventListener("change", ({ target }) => {
  const row = target.closest("tr");
  const [state] = row.querySelectorAll(".state");
  state.was ??= [state.textContent, state.className];
  const isAsRead = [...target.options].some((option) => option.selected && option.defaultSelected);
  [state.textContent, state.className] = isAsRead
    ? state.was
    : target.value
      ? ["chosen", "state tone-accent"]
      : ["not used", "state tone-idle"];
  row.classList.toggle("is-off", !target.value);
});
