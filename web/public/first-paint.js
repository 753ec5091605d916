// Before the first paint, so that nobody's dark evening is lit up and no browser offers to translate a page from a language that
// it is not in; a file of its own, because the policy forbids inline scripts. As src/app/theme.ts and src/i18n/language.ts.
(function () {
  function read(name) {
    try {
      return localStorage.getItem('eaf.' + name);
    } catch {
      return null; // Storage is switched off: it is as the system has it.
    }
  }
  var theme = read('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  var chosen = read('language');
  var own = navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
  document.documentElement.lang = chosen === 'de' || chosen === 'en' ? chosen : own;
})();
