// What every page has: the button that chooses light or dark, paper that is light, and buttons that copy
// what stands beside them. In front of the page's own script, whose listeners come after these.
"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const themes = ["", "light", "dark"];
  const set_theme = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    button.textContent = "Theme: " + (theme || "system");
  };
  button.hidden = false;
  button.addEventListener("click", () =>
    set_theme(themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length]));

  let before_print = "";
  addEventListener("beforeprint", () => {
    before_print = root.dataset.theme ?? "";
    set_theme("light");
  });
  addEventListener("afterprint", () => set_theme(before_print));

  for (const copy of document.querySelectorAll(".copy")) {
    copy.hidden = false;
    copy.addEventListener("click", () => {
      const code = copy.parentElement.querySelector("code");
      const done = (word) => {
        copy.textContent = word;
        setTimeout(() => { copy.textContent = "Copy"; }, 1500);
      };
      const select = () => {
        getSelection().selectAllChildren(code);
        done("Selected");
      };
      if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(() => done("Copied"), select);
      else select();
    });
  }
})();
