// Gives the keys to the terminal once it draws, and lets the one button start over.
window.addEventListener("load", () => {
  document.getElementById("again").addEventListener("click", () => window.location.reload());
  const drawn = new MutationObserver(() => {
    if (!document.body.classList.contains("-first-byte")) return;
    drawn.disconnect();
    document.querySelector(".xterm-helper-textarea").focus();
  });
  drawn.observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
