// The list of transactions: its cells, its keys, and when it may move. Loaded with the grid.
(function () {
  'use strict';
  var element = window.React.createElement;
  var cells = window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
  var functions = window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  var waiting = false;

  function frame() { return document.getElementById('transactions-frame'); }
  function icon(name) { return element('span', { className: 'icon icon-' + name, 'aria-hidden': 'true' }); }
  function bone() { return element('span', { className: 'two-bone' }); }

  // A figure with what belongs to it below, small.
  cells.PurserTwo = function (props) {
    if (!props.data) return bone();
    var below = props.below && props.data[props.below];
    return element('span', { className: 'two-rows' },
      props.icon ? element('span', { className: 'two-icon' }, icon(props.data[props.icon])) : null,
      element('span', { className: 'two-words' },
        element('span', { className: 'two-top', title: String(props.value) }, props.value),
        below ? element('span', { className: 'two-below', title: below }, below) : null));
  };

  cells.PurserTokens = function (props) {
    if (!props.data) return bone();
    var kinds = ['input', 'cached', 'output', 'reasoning'];
    var parts = props.data.shares.map(function (share, at) {
      return share ? element('i', { key: at, className: 'split-' + kinds[at], style: { flexGrow: share } }) : null;
    });
    return element('span', { className: 'two-words' },
      element('span', { className: 'two-top' }, props.value,
        element('span', { className: 'split', 'aria-hidden': 'true' }, parts)),
      element('span', { className: 'two-below', title: props.data.split }, props.data.split));
  };

  cells.PurserStatus = function (props) {
    if (!props.data) return bone();
    return element('span', { className: 'two-words' },
      element('span', { className: 'badge tone-' + props.data.tone }, icon(props.data.mark), element('span', null, props.value)),
      props.data.flags ? element('span', { className: 'two-below', title: props.data.flags }, props.data.flags) : null);
  };

  cells.PurserId = function (props) {
    if (!props.data) return bone();
    return element('span', { className: 'call-id' },
      element('code', { title: props.data.hold }, '…' + props.value),
      element('button', {
        className: 'button quiet icon-button copy-id', title: 'Copy the id of the call',
        'aria-label': 'Copy the id ' + props.data.hold, tabIndex: -1,
        onClick: function (event) { event.stopPropagation(); copy(props.data.hold, event.currentTarget); }
      }, icon('copy')));
  };

  function copy(text, button) {
    if (!navigator.clipboard) return;
    navigator.clipboard.writeText(text).then(function () {
      button.classList.add('done');
      window.setTimeout(function () { button.classList.remove('done'); }, 1200);
    });
  }

  function open(hold) {
    window.dash_clientside.set_props('transactions-chosen', { data: { hold: hold, at: Date.now() } });
  }
  functions.purserRow = function (params) {
    if (params.data && !params.event.target.closest('button') && !String(window.getSelection())) open(params.data.hold);
  };
  functions.purserKey = function (params) {
    if (!params.data || !params.event) return;
    if (params.event.key === 'Enter') open(params.data.hold);
    if (params.event.key === 'c' && !params.event.ctrlKey && !params.event.metaKey) {
      var button = params.event.target.closest('.ag-row');
      copy(params.data.hold, button && button.querySelector('.copy-id') || document.body);
    }
  };

  // Whoever points at a row, or stands in the list with the keyboard, reads: it does not move.
  function isRead() {
    var here = frame();
    return Boolean(here && (here.matches(':hover') || here.contains(document.activeElement)));
  }
  function show() {
    var told = document.getElementById('transactions-waiting');
    if (told) told.hidden = !waiting;
  }
  function refresh() {
    waiting = false;
    show();
    var shown = frame() && frame().querySelector('.feed-grid');
    if (shown) window.dash_ag_grid.getApi('transactions-grid').refreshInfiniteCache();
  }
  function later() { if (waiting && !isRead()) refresh(); }
  document.addEventListener('mouseout', function (event) {
    var here = frame();
    if (here && here.contains(event.target) && !here.contains(event.relatedTarget)) window.setTimeout(later, 0);
  });
  document.addEventListener('focusout', function () { window.setTimeout(later, 0); });
  document.addEventListener('click', function (event) {
    var shown = event.target.closest && event.target.closest('#transactions-waiting');
    if (shown) refresh();
    var card = event.target.closest && event.target.closest('[data-hold]');
    if (card) open(card.dataset.hold);
  });

  window.purserFeed = {
    narrow: function () { return window.matchMedia('(max-width: 1000px)').matches; },
    // What a smaller desk has no room for stands in the drawer too.
    fitting: function (grid) {
      var small = window.innerWidth < 1280;
      var columns = grid.props.columnDefs.map(function (column) {
        return Object.assign({}, column, { hide: small && /^(provider|short)$/.test(column.field) });
      });
      return Object.assign({}, grid, { props: Object.assign({}, grid.props, { columnDefs: columns }) });
    },
    moved: function () {
      waiting = true;
      if (isRead()) show(); else refresh();
    }
  };
})();
