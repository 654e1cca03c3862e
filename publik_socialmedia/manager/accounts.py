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

"""The page of an account, and what can be done from it (R41, R42)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publik_socialmedia.delivery import sending
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import polling
from publik_socialmedia.manager import details, figures, jobs, journal, pages, standing
from publik_socialmedia.manager.options import DaysForm
from publik_socialmedia.manager.steps import Frame
from publik_socialmedia.models import Account, Job, Journal
from publik_socialmedia.models.watching import findings
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs.wording import network_label

MARGIN = timedelta(hours=1)  # read before the beginning of a gap: it was not noticed at once
SHOWN = 10  # lines of the journal on the page of the account


@require_GET
def account(request: HttpRequest, account: int) -> HttpResponse:
    frame = Frame(request, account)
    now = timezone.now()
    told = figures.of_account(frame.account, now)
    rows = Journal.objects.filter(account=frame.account).select_related('actor').order_by('-at', '-pk')
    stands = standing.of(frame.account, told, now)
    values = {
        'network_label': network_label(frame.account),
        'statistics': _statistics(frame.account),
        'standing': stands,
        'problems': [one for one in findings(frame.account) if one['message'] != stands.advice],
        'figures': told,
        'details': details.of(frame.account),
        'journal': [(row, journal.label(row)) for row in rows[:SHOWN]],
        'capabilities': frame.network.capabilities,
        'is_paused': frame.account.state == Account.State.PAUSED,
        **jobs.of_account(frame),
    }
    return frame.show('account.html', **values)


def _statistics(account: Account) -> str:
    """Address of the statistics of the last month of that account."""
    today = timezone.localdate()
    query = {'account': account.pk, 'since': today - timedelta(days=30), 'until': today}
    return f'{reverse("socialmedia-manage-statistics")}?{urlencode(query)}'


@require_GET
def history(request: HttpRequest, account: int) -> HttpResponse:
    """The whole journal."""
    frame = Frame(request, account)
    rows = Journal.objects.filter(account=frame.account).select_related('actor').order_by('-at', '-pk')
    found = pages.paginate(request, rows)
    lines = [(row, journal.label(row)) for row in found]
    return frame.show(
        'journal.html', here=_('Journal'), page_obj=found, page_query=pages.page_query(request), lines=lines
    )


@require_http_methods(['GET', 'POST'])
def pause(request: HttpRequest, account: int) -> HttpResponse:
    frame = Frame(request, account)
    if frame.setup is not None:
        return HttpResponseRedirect(frame.next)
    if pages.confirmed(request):
        sending.pause(frame.account)
        journal.sign(request, frame.account, 'pause')
        return HttpResponseRedirect(frame.address('account'))
    question = pages.Question(
        title=_('Pause « %s »?') % frame.account,
        button=_('Pause'),
        cancel=frame.address('account'),
        lines=[
            _('Messages that are written to it are still received, and reach w.c.s.'),
            _('Answers wait until the account is started again; some may then be too late.'),
            _('The network is not polled meanwhile.'),
        ],
    )
    return pages.confirm(request, question, crumbs=_crumbs(frame))


@require_http_methods(['GET', 'POST'])
def resume(request: HttpRequest, account: int) -> HttpResponse:
    frame = Frame(request, account)
    if frame.setup is not None:
        return HttpResponseRedirect(frame.next)
    if pages.confirmed(request):
        sending.resume(frame.account)
        journal.sign(request, frame.account, 'resume')
        return HttpResponseRedirect(frame.address('account'))
    question = pages.Question(
        title=_('Start « %s » again?') % frame.account,
        button=_('Start again'),
        cancel=frame.address('account'),
        lines=[_('Answers that waited leave now, if the time to answer is not over.')],
    )
    return pages.confirm(request, question, crumbs=_crumbs(frame))


@require_POST
def poll(request: HttpRequest, account: int) -> HttpResponse:
    """Ask the network now, instead of at its next turn."""
    frame = Frame(request, account)
    if frame.setup is not None or not frame.network.capabilities.polling:
        return HttpResponseRedirect(frame.next)
    if frame.account.state == Account.State.PAUSED:
        messages.error(request, _('The account is paused: start it again first.'))
        return HttpResponseRedirect(frame.address('account'))
    turn = polling.claim_one(frame.account.pk)
    if turn is None:
        messages.info(request, _('It is being polled at this very moment.'))
        return HttpResponseRedirect(frame.address('account'))
    stored = polling.poll(turn)
    wake()
    journal.record(request, 'poll', frame.account, stored=stored)
    frame.account.refresh_from_db()
    if frame.account.poll_failures:
        messages.error(request, sentence(frame.account.problem or 'temporary'))
    else:
        said = ngettext('%s new page was read.', '%s new pages were read.', stored) % stored
        messages.success(request, said)
    return HttpResponseRedirect(frame.address('account'))


@require_http_methods(['GET', 'POST'])
def repair(request: HttpRequest, account: int) -> HttpResponse:
    """Read again what a breakdown made us miss. POST: « count » since some days, or « gap » since the last
    breakdown; then « repair ». The worker does it: the page says how far it is."""
    frame = Frame(request, account)
    if frame.setup is not None or not frame.network.capabilities.history:
        return HttpResponseRedirect(frame.next)
    form = DaysForm(request.POST if 'count' in request.POST else None, initial={'days': 2})
    found, gap = jobs.counted(frame), jobs.gap(frame)
    if 'repair' in request.POST and found is not None and found.since:
        jobs.ask(frame, Job.Kind.REPAIR, found.since)
    elif 'gap' in request.POST and gap is not None:
        jobs.ask(frame, Job.Kind.COUNT, gap - MARGIN)
    elif 'count' in request.POST and form.is_valid():
        jobs.ask(frame, Job.Kind.COUNT, timezone.now() - timedelta(days=form.cleaned_data['days']))
    elif request.method == 'GET' or form.errors:
        told = found.progress if found else None
        return frame.show(
            'repair.html', here=_('Repair a gap'), form=form, found=told, gap=gap, **jobs.of_page(frame)
        )
    return HttpResponseRedirect(frame.address('repair'))


def _crumbs(frame: Frame) -> list[pages.Crumb]:
    return [(frame.address('account'), str(frame.account))]
