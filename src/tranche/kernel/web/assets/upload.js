// A file may be dropped on the zone; the field in it works without this.
const zone = document.querySelector("[data-drop]");
const field = zone.querySelector("input");

// A file over the limit is told before it is sent; the server refuses it, too.
function weigh() {
  const isTooLarge = field.files[0]?.size > Number(zone.dataset.most);
  field.setCustomValidity(isTooLarge ? zone.dataset.tooLarge : "");
  field.reportValidity();
}

field.addEventListener("change", weigh);
for (const name of ["dragover", "dragleave", "drop"])
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.toggle("is-over", name === "dragover");
    if (name !== "drop" || !event.dataTransfer.files.length) return;
    field.files = event.dataTransfer.files;
    weigh();
  });
