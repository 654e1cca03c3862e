/* publik_socialmedia: the live conversation in the page of a demand. AGPL-3.0-or-later.
 *
 * Comes in the answer to the JSONP request of w.c.s., after the call that gives it the panel's HTML; see
 * wcs/panel.py. All HTML put in the page is rendered, and escaped, by the server.
 */
(() => {
  'use strict';
  const SLOWEST = 300; // seconds between two tries when the server is away
  const PATIENCE = 20; // seconds that an answer may take
  const script = document.currentScript;
  if (!script) return;
  const address = new URL(script.src);
  address.search = new URLSearchParams({ t: address.searchParams.get('t') });

  function start(panel) {
    panel.dataset.started = '';
    const part = (name) => panel.querySelector(`[data-part="${name}"]`);
    const [head, notice, news, older, scroll, list, last] = [
      'head', 'notice', 'news', 'older', 'scroll', 'list', 'last',
    ].map(part);
    const pace = Number(panel.dataset.pace);
    let version = panel.dataset.version;
    let delay = pace;
    let timer = null;
    let stopped = false;
    let work = Promise.resolve(); // one request at a time

    const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; last.hidden = true; };
    const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 50;
    const say = (text) => { news.textContent = ''; setTimeout(() => { news.textContent = text; }, 50); };

    function complain(text) {
      if (notice.textContent !== text) notice.textContent = text;
      notice.hidden = !text;
    }

    // what was shown is no longer to be seen
    function stop(text) {
      stopped = true;
      clearTimeout(timer);
      list.replaceChildren();
      [head, older, scroll, last].forEach((element) => { element.hidden = true; });
      complain(text || panel.dataset.over);
    }

    async function ask(params) {
      const url = new URL(address);
      Object.entries(params).forEach(([name, value]) => url.searchParams.set(name, value));
      const signal = AbortSignal.timeout(PATIENCE * 1000);
      const answer = await fetch(url, { credentials: 'omit', cache: 'no-store', signal });
      if ([400, 403, 404, 410].includes(answer.status)) {
        const data = answer.status === 410 ? await answer.json() : {};
        stop(data.over);
        return null;
      }
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      return answer.json();
    }

    function element(line) {
      const holder = document.createElement('template');
      holder.innerHTML = line.html;
      return holder.content.firstElementChild;
    }

    // the same message, in other words or in another state: who was reading in it stays there
    function replace(old, line) {
      const fresh = element(line);
      const open = old.querySelector('details[open]');
      const held = old.contains(document.activeElement);
      old.replaceWith(fresh);
      if (open && fresh.querySelector('details')) fresh.querySelector('details').open = true;
      if (held) (fresh.querySelector('a[href], summary') || fresh).focus({ preventScroll: true });
      return fresh;
    }

    // addresses of files end: take the new ones, without loading pictures again
    function renew(node, line) {
      if (!node.querySelector('[data-file]')) return;
      const fresh = element(line);
      node.querySelectorAll('[data-file]').forEach((link) => {
        const other = fresh.querySelector(`[data-file="${link.dataset.file}"]`);
        if (other) link.href = other.href;
      });
    }

    function show(lines) {
      const end = atEnd();
      const nodes = new Map([...list.children].map((node) => [node.dataset.id, node]));
      // the messages before the first one told of stay as they were read
      let cursor = (lines.length && nodes.get(String(lines[0].id))) || list.firstElementChild;
      let heard = false;
      lines.forEach((line) => {
        let node = nodes.get(String(line.id));
        if (!node) {
          node = element(line);
          heard = heard || node.classList.contains('socialmedia-in');
        } else if (node.dataset.version === line.version) {
          renew(node, line);
        } else {
          const fresh = replace(node, line);
          if (cursor === node) cursor = fresh;
          node = fresh;
        }
        if (cursor === node) cursor = cursor.nextElementSibling;
        else list.insertBefore(node, cursor);
      });
      while (cursor) {
        const next = cursor.nextElementSibling;
        cursor.remove();
        cursor = next;
      }
      if (end) toEnd();
      if (heard) {
        say(panel.dataset.new);
        last.hidden = atEnd();
      }
    }

    async function refresh() {
      const first = list.firstElementChild;
      const data = await ask({ from: first ? first.dataset.id : '', have: version });
      if (!data) return;
      if (head.innerHTML !== data.head) head.innerHTML = data.head;
      if (data.lines) show(data.lines);
      if (!first) older.hidden = !data.older;
      version = data.version;
    }

    async function before() {
      const first = list.firstElementChild;
      const data = first && await ask({ before: first.dataset.id });
      if (!data) return;
      const height = scroll.scrollHeight;
      const nodes = data.lines.map(element);
      first.before(...nodes);
      scroll.scrollTop += scroll.scrollHeight - height;
      older.hidden = !data.older;
      say(panel.dataset.loaded);
      if (older.hidden && nodes.length) nodes[0].focus(); // the button that had the focus is gone
    }

    function run(step) {
      work = work.then(async () => {
        if (stopped) return;
        try {
          await step();
          delay = pace;
          if (!stopped) complain('');
        } catch (error) {
          delay = Math.min(delay * 2, SLOWEST);
          complain(panel.dataset.lost);
        }
      });
      return work;
    }

    function plan() {
      clearTimeout(timer);
      if (stopped || document.hidden) return;
      // not all the agents of a town at the same instant
      timer = setTimeout(look, delay * 1000 * (0.9 + Math.random() * 0.2));
    }

    function look() {
      clearTimeout(timer);
      if (!panel.isConnected) stopped = true;
      if (!stopped && !document.hidden) run(refresh).then(plan);
    }

    document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : look()));
    older.addEventListener('click', () => run(before));
    last.addEventListener('click', () => { toEnd(); scroll.focus(); });
    scroll.addEventListener('scroll', () => { if (atEnd()) last.hidden = true; });
    // a picture that is no longer there: its name remains
    list.addEventListener('error', (event) => event.target.matches('img') && event.target.remove(), true);
    list.querySelectorAll('img').forEach((img) => { if (img.complete && !img.naturalWidth) img.remove(); });
    list.addEventListener('load', () => { if (last.hidden && !list.dataset.read) toEnd(); }, true);
    ['wheel', 'keydown', 'pointerdown'].forEach((name) => {
      scroll.addEventListener(name, () => { list.dataset.read = ''; }, { passive: true });
    });
    toEnd();
    plan();
  }

  // w.c.s. puts the panel in its page once this script has run
  function wait(tries) {
    const panel = document.querySelector('[data-socialmedia-panel]:not([data-started])');
    if (panel) start(panel);
    else if (tries) setTimeout(wait, 100, tries - 1);
  }
  wait(50);
})();
