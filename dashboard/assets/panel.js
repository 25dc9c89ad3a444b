// Runs before everything else: styles under the policy, the theme, an ended session, live or paused.
(function () {
  'use strict';
  var prefix = '/admin/budget/';

  // Dash, Mantine, plotly and AG Grid make <style> elements: they get the page's nonce.
  var nonce = document.currentScript.nonce;
  var create = Document.prototype.createElement;
  Document.prototype.createElement = function (name) {
    var made = create.apply(this, arguments);
    if (String(name).toLowerCase() === 'style') made.setAttribute('nonce', nonce);
    return made;
  };

  function kept(name) {
    try { return localStorage.getItem(name); } catch (error) { return null; }
  }
  function showTheme(theme) {
    if (/^(system|dark|light|contrast)$/.test(theme || '')) document.documentElement.dataset.theme = theme;
  }
  showTheme(kept('purser-theme'));
  document.addEventListener('click', function (event) {
    var choice = event.target.closest && event.target.closest('[data-choose-theme]');
    if (choice) {
      showTheme(choice.dataset.chooseTheme);
      try { localStorage.setItem('purser-theme', choice.dataset.chooseTheme); } catch (error) { return; }
    }
    // A menu closes when something else is clicked, or something in it is chosen.
    document.querySelectorAll('details[open]').forEach(function (menu) {
      var inside = menu.contains(event.target);
      if (menu.querySelector(':scope > .menu') && (!inside || event.target.closest('.menu a'))) menu.open = false;
    });
  });
  document.addEventListener('keydown', function (event) {
    if (event.key !== 'Escape') return;
    document.querySelectorAll('details[open]').forEach(function (menu) {
      if (!menu.querySelector(':scope > .menu')) return;
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  });

  // A session that has ended leads to the login, and from there back here.
  var heard = Date.now();
  var ask = window.fetch;
  window.fetch = function () {
    return ask.apply(this, arguments).then(function (answer) {
      if (answer.status < 300 && /_dash-(update-component|layout)$/.test(answer.url)) heard = Date.now();
      if (answer.status === 401 && new URL(answer.url).pathname.startsWith(prefix)) {
        var here = location.pathname + location.search;
        location.assign(prefix + 'login?why=expired&next=' + encodeURIComponent(here));
      }
      return answer;
    });
  };

  // How old the figures are is told each second; without an answer to three ticks they are stale.
  var paused = false, seen = 0, ticking = 0;
  setInterval(function () {
    var told = document.querySelector('.live .age');
    var age = Math.round((Date.now() - heard) / 1000);
    var stale = ticking > 0 && !paused && age > 16;
    document.documentElement.classList.toggle('stale', stale);
    if (told) told.textContent = paused ? '' : age < 2 ? ' · just now' : age < 120 ? ' · ' + age + ' s ago' : ' · ' + Math.floor(age / 60) + ' min ago';
  }, 1000);

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    purser: {
      live: function (clicks, ticks) {
        if (clicks && clicks !== seen) paused = !paused;
        seen = clicks || 0;
        ticking = ticks.length;
        return [ticks.map(function () { return paused; }), paused ? 'live off' : 'live', paused ? 'Paused' : 'Live'];
      },
      range: function (days) {
        var there = new URL(location.href);
        if (!days || !days[0] || !days[1]) return window.dash_clientside.no_update;
        if (there.searchParams.get('from') === days[0] && there.searchParams.get('to') === days[1]) {
          return window.dash_clientside.no_update;
        }
        there.searchParams.delete('period');
        there.searchParams.set('from', days[0]);
        there.searchParams.set('to', days[1]);
        history.pushState({}, '', there);
        window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
        return days;
      },
      arrived: function (heading) {
        document.title = heading + ' · Purser';
        if (seen !== null && window.purserArrived) window.scrollTo(0, 0);
        window.purserArrived = true;
        return heading;
      }
    }
  });
})();
