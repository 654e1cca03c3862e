'use strict';
// The pages work without this: it copies an address, and looks by itself whether a test came.
document.addEventListener('DOMContentLoaded', () => {
  for (const button of document.querySelectorAll('[data-socialmedia-copy]')) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
      const field = document.getElementById(button.dataset.socialmediaCopy);
      field.select();
      await navigator.clipboard.writeText(field.value);
    });
  }
  const watch = (place, address, then) => {
    let shown;
    const look = async () => {
      try {
        const answer = await fetch(address, { credentials: 'same-origin' });
        const type = answer.headers.get('Content-Type') || '';
        if (!answer.ok || !type.startsWith('application/json')) return;
        const found = await answer.json();
        if (found.html !== shown) place.innerHTML = found.html;
        shown = found.html;
        then(found);
      } catch {
        // the next look may succeed
      }
    };
    setInterval(() => { if (!document.hidden) look(); }, 3000);
  };
  const proofs = document.querySelector('[data-socialmedia-proofs]');
  if (proofs) watch(proofs, proofs.dataset.socialmediaProofs, () => {});
  const job = document.querySelector('[data-socialmedia-job]');
  // once it is over, the page offers what comes next
  if (job) watch(job, job.dataset.socialmediaJob, ({ pending }) => { if (!pending) location.reload(); });
});
