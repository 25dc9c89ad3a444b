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

  // Links of links.py: to another view where one stands, and to what opens over it.
  function go(href) {
    history.pushState({}, '', href);
    window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
  }
  // What is set while Dash still wires a new page can be lost: it is asked again, ever more slowly.
  var asking, drawerOpen = false;
  function openDrawer(section, name, wait) {
    window.dash_clientside.set_props(section + '-open', { data: { name: name, at: Date.now() } });
    clearTimeout(asking);
    if (!name) return;
    asking = setTimeout(function () {
      var still = new URL(location.href).searchParams.get('open') === name;
      if (still && !document.querySelector('.mantine-Drawer-content')) openDrawer(section, name, 2 * wait);
    }, wait);
  }
  var opener = null;
  document.addEventListener('click', function (event) {
    var link = event.target.closest && event.target.closest('a[data-stay], a[data-drawer]');
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!link.dataset.drawer) return go(link.href);
    history.pushState({}, '', link.href);
    opener = link;
    openDrawer(link.dataset.drawer, link.dataset.open, 2000);
  });
  window.addEventListener('popstate', function () {
    var any = document.querySelector('a[data-drawer]');
    if (any) openDrawer(any.dataset.drawer, new URL(location.href).searchParams.get('open'), 2000);
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

  var loaded = {};
  function load(scripts) {
    return scripts.reduce(function (before, source) {
      return before.then(function () {
        loaded[source] = loaded[source] || new Promise(function (done, failed) {
          var script = document.createElement('script');
          script.src = source;
          script.onload = done;
          script.onerror = function () { delete loaded[source]; failed(); };
          document.head.appendChild(script);
        });
        return loaded[source];
      });
    }, Promise.resolve());
  }

  // How old the figures are is told each second; without an answer to three ticks they are stale.
  var paused = false, seen = 0, ticking = 0, arrivedAt = '';
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
      // The list of calls: loaded where it is shown, and where it is not too narrow for it.
      feed: function (spec) {
        if (!spec) return [window.dash_clientside.no_update, window.dash_clientside.no_update];
        var nothing = window.dash_clientside.no_update, cards = [nothing, 'cards'];
        return load(spec.scripts.slice(0, 1)).then(function () {
          if (window.purserFeed.narrow()) return cards;
          return load(spec.scripts).then(function () { return [window.purserFeed.fitting(spec.grid), 'grid']; });
        }).catch(function () { return cards; });
      },
      moved: function () {
        if (window.purserFeed) window.purserFeed.moved();
        return window.dash_clientside.no_update;
      },
      // What fields search by stands in the address, like everything that is looked at.
      find: function (values, ids) {
        var there = new URL(location.href), changed = false;
        ids.forEach(function (id, at) {
          var value = values[at] || '', name = id.name;
          if ((there.searchParams.get(name) || '') === value) return;
          changed = true;
          if (value) there.searchParams.set(name, value); else there.searchParams.delete(name);
        });
        if (!changed) return window.dash_clientside.no_update;
        there.searchParams.delete('before');
        history.pushState({}, '', there);
        window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
        return window.dash_clientside.no_update;
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
      closed: function (opened) {
        // A drawer that has just been put on the page is no drawer that somebody closed.
        if (opened || !drawerOpen) {
          drawerOpen = opened === true;
          return window.dash_clientside.no_update;
        }
        drawerOpen = false;
        var there = new URL(location.href);
        if (there.searchParams.has('open')) {
          there.searchParams.delete('open');
          history.pushState({}, '', there);
        }
        if (opener && opener.isConnected) opener.focus();
        return window.dash_clientside.no_update;
      },
      arrived: function (heading) {
        document.title = heading + ' · Purser';
        // The same section again is the same place: a table was sorted, a filter was set.
        if (arrivedAt && arrivedAt !== location.pathname) window.scrollTo(0, 0);
        arrivedAt = location.pathname;
        return heading;
      }
    }
  });
})();
