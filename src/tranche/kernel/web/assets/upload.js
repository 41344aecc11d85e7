// A file may be dropped on the zone; the field in it works without this.
const zone = document.querySelector("[data-drop]");
const field = zone.querySelector("input");
for (const name of ["dragover", "dragleave", "drop"])
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.toggle("is-over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) field.files = event.dataTransfer.files;
  });
