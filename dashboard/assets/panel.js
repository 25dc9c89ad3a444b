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

  // Keys, told in the dialog that `?` opens. They never fire while somebody types. What counts is
  // when a key was pressed: a page that has much to do hears of it later.
  var lead = -Infinity;
  function dialog() { return document.getElementById('keyboard'); }
  function press(found) { if (found) found.click(); return Boolean(found); }
  function goTo(slug) {
    return press(Array.from(document.querySelectorAll('.nav-links a')).find(function (link) {
      return new URL(link.href).pathname === prefix + (slug === 'overview' ? '' : slug);
    }));
  }
  function nextTheme() {
    var all = ['system', 'dark', 'light', 'contrast'];
    var next = all[(all.indexOf(document.documentElement.dataset.theme) + 1) % all.length];
    return press(document.querySelector('[data-choose-theme="' + next + '"]'));
  }
  function search() {
    var found = document.querySelector('#content [role="search"] input') ||
      document.querySelector('#content .filters summary, #content input[type="text"]');
    if (found) found.focus();
    return Boolean(found);
  }
  // Days as text, counted in UTC: no zone and no clock change moves them.
  function day(text) { return new Date(text + 'T00:00:00Z'); }
  function text(date) { return date.toISOString().slice(0, 10); }
  function plus(date, days) { return new Date(date.getTime() + days * 864e5); }
  function month(date, steps) { return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + steps, 1)); }
  function step(way) {
    if (!document.querySelector('.periods')) return false;
    var there = new URL(location.href), asked = there.searchParams;
    var now = new Date(), today = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
    var days = { '24h': 1, '7d': 7, '30d': 30 }[asked.get('period')], first, last;
    if (asked.get('from') && asked.get('to')) { first = day(asked.get('from')); last = day(asked.get('to')); }
    else if (days) { last = today; first = plus(today, 1 - days); }
    else { first = month(today, 0); last = plus(month(today, 1), -1); }
    if (isNaN(first) || isNaN(last)) return false;
    if (first.getUTCDate() === 1 && plus(last, 1).getUTCDate() === 1 && plus(last, 1) > first) {
      var length = (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth() + 1;
      first = month(first, way * length); last = plus(month(first, length), -1);
    } else {
      var width = Math.round((last - first) / 864e5) + 1;
      first = plus(first, way * width); last = plus(last, way * width);
    }
    if (first > today) return true;
    ['period', 'from', 'to'].forEach(function (name) { asked.delete(name); });
    if (text(first) !== text(month(today, 0)) || text(last) !== text(plus(month(today, 1), -1))) {
      asked.set('from', text(first)); asked.set('to', text(last));
    }
    history.pushState({}, '', there);
    window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
    return true;
  }
  function act(key, pressed) {
    if (pressed - lead < 3000) {
      lead = -Infinity;
      return goTo(JSON.parse(dialog().dataset.go)[key]);
    }
    switch (key) {
      case 'g': lead = pressed; return true;
      case '?': dialog().showModal(); return true;
      case '/': return search();
      case 'p': return press(document.getElementById('live'));
      case 'v': return press(document.getElementById('views-button'));
      case 't': return nextTheme();
      case '[': return step(-1);
      case ']': return step(1);
    }
    return false;
  }
  document.addEventListener('keydown', function (event) {
    var at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (at.closest && at.closest('input, textarea, select, [contenteditable], dialog[open], [role="dialog"], .ag-root')) return;
    if (dialog() && act(event.key, event.timeStamp)) event.preventDefault();
  });
  document.addEventListener('click', function (event) {
    var opener = event.target.closest && event.target.closest('[data-open-dialog]');
    if (opener) document.getElementById(opener.dataset.openDialog).showModal();
    var closer = event.target.closest && event.target.closest('[data-close]');
    if (closer) closer.closest('dialog').close();
    if (event.target.matches && event.target.matches('dialog')) event.target.close();
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
  var heard = Date.now(), away = '';
  var ask = window.fetch;
  // What Dash asks first stands in the page, or is asked while its scripts are on their way.
  var early = {};
  early[prefix + '_dash-dependencies'] = function () { return dependencies; };
  early[prefix + '_dash-layout'] = function () {
    var kept = document.getElementById('first-layout');
    if (!kept || kept.dataset.href !== location.href.split('#')[0]) return null;
    return Promise.resolve(new Response(kept.textContent, { headers: { 'content-type': 'application/json' } }));
  };
  var dependencies = ask(prefix + '_dash-dependencies', { headers: { accept: 'application/json' } });
  dependencies.catch(function () { delete early[prefix + '_dash-dependencies']; });
  function first(target) {
    var path = String(target).split('?')[0], ready = early[path], found = ready && ready();
    delete early[path];
    return found;
  }
  window.fetch = function (target) {
    // Dash adds a query of its own to what it asks.
    var ours = /_dash-(update-component|layout)$/.test(String(target && target.url || target).split('?')[0]);
    return (first(target) || ask.apply(this, arguments)).then(function (answer) {
      if (ours && answer.status < 300) noted('');
      if (ours && answer.status >= 500) noted(answer.status === 503 ? 'SQL does not answer' : 'the panel fails, and its log says why');
      if (answer.status === 401 && new URL(answer.url).pathname.startsWith(prefix)) {
        var here = location.pathname + location.search;
        location.assign(prefix + 'login?why=expired&next=' + encodeURIComponent(here));
      }
      return answer;
    }, function (error) {
      if (ours && error.name !== 'AbortError') noted('Purser does not answer');
      throw error;
    });
  };

  // While questions fail what stands is old: it says since when and why, until an answer comes.
  function noted(why) {
    if (!why) heard = Date.now();
    if (why === away) return;
    away = why;
    tellAway();
  }
  function tellAway() {
    var place = document.getElementById('away');
    if (!place) return;
    var since = new Date(heard).toISOString().slice(11, 19);
    var text = away && 'Stale since ' + since + ' UTC: ' + away + '. What stands here is of then, and goes on by itself.';
    if (place.textContent !== text) place.textContent = text;
  }
  // A section without live figures asks nothing by itself: something small is asked in its place.
  setInterval(function () {
    if (!away || (ticking && !paused)) return;
    ask.call(window, prefix + 'assets/shell.css', { method: 'HEAD', cache: 'no-store' }).then(function (answer) {
      if (answer.ok) noted('');
    }, function () { return null; });
  }, 5000);

  // Dash's scripts keep the browser busy for a while: they start once the picture is painted.
  function start() {
    var kept = document.getElementById('scripts');
    if (!kept) return;
    Array.from(kept.content.querySelectorAll('script')).reduce(function (before, given) {
      return before.then(function () {
        return new Promise(function (done, failed) {
          var script = document.createElement('script');
          Array.from(given.attributes).forEach(function (one) { script.setAttribute(one.name, one.value); });
          script.textContent = given.textContent;
          script.onload = done;
          script.onerror = failed;
          document.body.appendChild(script);
          if (!given.hasAttribute('src')) done();
        });
      });
    }, Promise.resolve());
    kept.remove();
  }
  document.addEventListener('DOMContentLoaded', function () {
    // A page that nobody sees is not painted.
    if (document.hidden || !document.querySelector('.still')) return start();
    requestAnimationFrame(function () { requestAnimationFrame(start); });
  });

  // The picture of the page leaves in the moment in which the page itself stands.
  new MutationObserver(function (_changes, watching) {
    if (!document.querySelector('#content > *')) return;
    watching.disconnect();
    document.querySelectorAll('.still').forEach(function (still) { still.remove(); });
  }).observe(document, { childList: true, subtree: true });

  // Parts that Dash's renderer need not know (plain.py): [tag, attributes, what is inside …].
  function made(part) {
    if (typeof part === 'string') return document.createTextNode(part);
    var one = part[0] ? document.createElement(part[0]) : document.createDocumentFragment();
    Object.keys(part[1]).forEach(function (name) {
      if (name !== 'style') return one.setAttribute(name, part[1][name]);
      Object.keys(part[1].style).forEach(function (key) { one.style.setProperty(key, part[1].style[key]); });
    });
    part.slice(2).forEach(function (inside) { if (inside !== null) one.appendChild(made(inside)); });
    return one;
  }
  document.addEventListener('click', function (event) {
    var model = event.target.closest && event.target.closest('[data-model]');
    if (model) window.dash_clientside.set_props('rates-open', { data: { model: model.dataset.model, at: Date.now() } });
  });

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
  // What goes on by itself: how long a call has been in flight, from what the server said it was.
  function grow() {
    document.querySelectorAll('.ages').forEach(function (one) {
      if (one.said !== one.dataset.aged) { one.said = one.dataset.aged; one.since = Date.now() - Number(one.said); }
      var s = Math.floor((Date.now() - one.since) / 1000);
      one.textContent = s < 60 ? s + ' s' : s < 3600 ? Math.floor(s / 60) + ' min ' + s % 60 + ' s' : Math.floor(s / 3600) + ' h ' + Math.floor(s / 60) % 60 + ' min';
    });
  }
  setInterval(function () {
    grow();
    var told = document.querySelector('.live .age');
    var age = Math.round((Date.now() - heard) / 1000);
    var stale = ticking > 0 && !paused && age > 16;
    document.documentElement.classList.toggle('stale', stale || Boolean(away));
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
        // One that was drawn for an address that has been left says nothing.
        var box = document.getElementById('range');
        if (!box || !box.closest('details').open) return window.dash_clientside.no_update;
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
      plain: function (data) {
        var tries = 100;
        // The place may come a moment after what stands in it.
        function draw() {
          var place = document.getElementById(data.into);
          if (place) place.replaceChildren(made(data.of)); else if (tries--) window.setTimeout(draw, 30);
        }
        if (data) draw();
        return window.dash_clientside.no_update;
      },
      keepPrices: function (text, mode, tier) {
        var there = new URL(location.href), asked = { model: text, mode: mode, tier: tier };
        Object.keys(asked).forEach(function (name) {
          var plain = !asked[name] || asked[name] === 'all' || asked[name] === 'default';
          if (plain) there.searchParams.delete(name); else there.searchParams.set(name, asked[name]);
        });
        history.replaceState(history.state, '', there);
        return window.dash_clientside.no_update;
      },
      here: function (clicks) {
        if (!clicks) return window.dash_clientside.no_update;
        return { path: location.pathname, search: location.search, at: clicks };
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
