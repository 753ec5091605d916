// Before the first paint, so that nobody's dark evening is lit up; a file of its own, because the policy forbids inline scripts.
try {
  const theme = localStorage.getItem('eaf.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
