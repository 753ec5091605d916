// Sets theme and language before the first paint, so that a dark page does not flash and no browser
// offers to translate it. A file of its own, because the content security policy forbids inline
// scripts. Equivalent to src/shell/app/theme.ts and src/shell/i18n/language.ts.
(function () {
  function read(name) {
    try {
      return localStorage.getItem('eaf.' + name);
    } catch {
      return null; // Storage is disabled: the system decides.
    }
  }
  var theme = read('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  var chosen = read('language');
  var own = navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
  document.documentElement.lang = chosen === 'de' || chosen === 'en' ? chosen : own;
})();
