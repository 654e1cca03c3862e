# publik_socialmedia - private messages of social networks as w.c.s. demands
# Copyright (C) 2026  publik_socialmedia contributors
#
# This program is free software: you can redistribute it and/or modify it
# under the terms of the GNU Affero General Public License as published
# by the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.
#
# This program is distributed in the hope that it will be useful,
# but WITHOUT ANY WARRANTY; without even the implied warranty of
# MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
# GNU Affero General Public License for more details.
#
# You should have received a copy of the GNU Affero General Public License
# along with this program.  If not, see <http://www.gnu.org/licenses/>.

"""Long works on an account as they are shown: how far they are, what they found, why they failed (R18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from publik_socialmedia.jobs import asking
from publik_socialmedia.manager import journal
from publik_socialmedia.manager.steps import Frame
from publik_socialmedia.models import Job, Journal
from publik_socialmedia.reasons import sentence

NEWS = timedelta(days=1)
LATE = timedelta(minutes=2)  # a worker that runs does a slice every few seconds

TITLES: Mapping[str, Any] = {
    Job.Kind.COUNT: gettext_lazy('Count of what was written since %s'),
    Job.Kind.IMPORT: gettext_lazy('Import of the unanswered threads since %s'),
    Job.Kind.REPAIR: gettext_lazy('Reading again of what was written since %s'),
}


@dataclass(frozen=True)
class Shown:
    """``lines``: how far it is; ``failure``: why it ended badly, '' else."""

    title: str
    is_pending: bool
    lines: tuple[str, ...]
    failure: str


def shown(job: Job) -> Shown:
    since = _day(job.since) if job.since else ''
    title = str(TITLES[job.kind]) % since if job.kind in TITLES else ''
    failed = job.state == Job.State.FAILED
    return Shown(title, job.is_pending, tuple(_lines(job)), sentence(job.reason) if failed else '')


def of_page(frame: Frame) -> dict[str, Any]:
    """What the pages that show the last reading of an account need."""
    job = asking.last(frame.account)
    return {'job': shown(job) if job and job.state != Job.State.STOPPED else None, 'last_job': job}


def of_account(frame: Frame) -> dict[str, Any]:
    """The same for the page of the account, where what is over for long or was only counted is no news."""
    found = of_page(frame)
    job = found['last_job']
    old = job is not None and job.done_at is not None and job.done_at < timezone.now() - NEWS
    if old or (job is not None and job.kind == Job.Kind.COUNT and job.state == Job.State.DONE):
        found['job'] = None
    return found


def counted(frame: Frame) -> Job | None:
    """The last count, if nothing was done since."""
    job = asking.last(frame.account)
    done = job is not None and job.kind == Job.Kind.COUNT and job.state == Job.State.DONE
    return job if done else None


def ask(frame: Frame, kind: str, since: datetime, **values: Any) -> None:
    """Have it done; says so, or that something else is being done."""
    user = frame.request.user
    if asking.ask(frame.account, kind, since, user, **values) is None:
        said = _('Something else is being done for this account: wait for its end, or stop it.')
        messages.error(frame.request, said)


@require_GET
def status(request: HttpRequest, account: int) -> HttpResponse:
    """How far it is, for the page that looks again by itself: {"html", "pending"}."""
    found = of_page(Frame(request, account))
    page = render_to_string('publik_socialmedia/manager/job_lines.html', found, request)
    return JsonResponse({'html': page, 'pending': bool(found['job'] and found['job'].is_pending)})


@require_POST
def stop(request: HttpRequest, account: int) -> HttpResponse:
    """Stop it, and go back to the page of the account from which that was asked (``next``)."""
    frame = Frame(request, account)
    if asking.stop(frame.account):
        journal.record(request, 'job-stopped', frame.account)
        messages.success(request, _('It is stopped. What was read so far is kept, and not read twice.'))
    back = request.POST.get('next', '')
    known = [frame.address(slug) for slug in ('import', 'repair', 'account')]
    return HttpResponseRedirect(back if back in known else frame.next)


def gap(frame: Frame) -> datetime | None:
    """When what we did not hear began, as far as we know: the last refusal by the network, or the last sign
    of it if that was more than a day ago."""
    account, now = frame.account, timezone.now()
    if account.problem_at:
        return account.problem_at
    refusals = Journal.objects.filter(account=account, action='problem', at__gt=now - timedelta(days=30))
    last = refusals.order_by('-at').values_list('at', flat=True).first()
    if last is not None:
        return last
    heard = account.last_event_at
    return heard if heard and heard < now - timedelta(days=1) else None


def _lines(job: Job) -> Iterator[str]:
    told = job.progress
    pages = told.get('pages', 0)
    if job.is_pending and not pages:
        yield _('It is about to begin.')
    elif job.is_pending:
        yield ngettext('%s page read so far.', '%s pages read so far.', pages) % pages
    if job.kind in _FOUND:
        yield from _FOUND[job.kind](job)
    if told.get('unreadable'):
        count = told['unreadable']
        yield ngettext('%s page could not be understood.', '%s pages could not be understood.', count) % count
    if job.is_pending:
        yield from _waits(job)


def _of_count(job: Job) -> Iterator[str]:
    """What an import would take and what a repair would bring are said by their pages, once it is done."""
    count = job.progress.get('threads', 0)
    if job.is_pending and count:
        yield ngettext('%s thread seen so far.', '%s threads seen so far.', count) % count


def _of_import(job: Job) -> Iterator[str]:
    done, waiting = job.progress.get('done', 0), job.progress.get('waiting', 0)
    if job.is_pending and job.progress.get('read'):
        yield _('%(done)s of %(waiting)s threads imported so far.') % {'done': done, 'waiting': waiting}
    elif job.state == Job.State.DONE:
        yield (
            ngettext('%s unanswered thread is imported.', '%s unanswered threads are imported.', done) % done
        )
    if failed := job.progress.get('failed', 0):
        yield (
            ngettext('%s thread could not be recorded.', '%s threads could not be recorded.', failed) % failed
        )


def _of_repair(job: Job) -> Iterator[str]:
    stored = job.progress.get('stored', 0)
    if job.state == Job.State.DONE:
        yield _('%s pages were read again; what was missed follows.') % stored


_FOUND: Mapping[str, Callable[[Job], Iterator[str]]] = {
    Job.Kind.COUNT: _of_count,
    Job.Kind.IMPORT: _of_import,
    Job.Kind.REPAIR: _of_repair,
}


def _waits(job: Job) -> Iterator[str]:
    """Why nothing happens, if nothing does."""
    now = timezone.now()
    if job.reason:
        yield _('The last try failed: %s') % sentence(job.reason)
    if job.due_at > now + timedelta(seconds=30):
        at = date_format(timezone.localtime(job.due_at), 'TIME_FORMAT')
        yield _('It goes on by itself at %s.') % at
    elif max(job.updated_at, job.due_at) < now - LATE:
        yield _('It waits for its turn: is the worker running?')


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), 'SHORT_DATETIME_FORMAT')
