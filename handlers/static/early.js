/** Runs before anything is painted: the reader's choice of light or dark. All else can wait. */
try {
  const theme = localStorage.getItem("plotd-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden: then the system's choice holds.
}
