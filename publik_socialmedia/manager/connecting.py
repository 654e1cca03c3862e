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

"""Steps with the network: its guide, its credentials, their test, its webhook (R40)."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from publik_socialmedia import errors, health, networks
from publik_socialmedia.manager import authorization, guide, journal, pages, receiving, renewal
from publik_socialmedia.manager.credentials import CredentialsForm
from publik_socialmedia.manager.steps import Frame, step
from publik_socialmedia.models import Account, Setup
from publik_socialmedia.networks.base import Problem


@require_http_methods(['GET', 'POST'])
def new(request: HttpRequest) -> HttpResponse:
    """Choose the network; the account is there from then on, paused."""
    known = networks.registry()
    if request.method == 'POST' and request.POST.get('network') in known:
        with transaction.atomic():
            account = Account.objects.create(network=request.POST['network'], state=Account.State.PAUSED)
            actor = request.user if request.user.is_authenticated else None
            Setup.objects.create(account=account, actor=actor)
            journal.record(request, 'setup', account)
        return HttpResponseRedirect(reverse('socialmedia-manage-guide', args=[account.pk]))
    crumbs = [(request.path, _('Connect an account'))]
    return pages.show(request, 'new.html', {'networks': known.values()}, crumbs=crumbs)


def resume_setup(request: HttpRequest, account: int) -> HttpResponse:
    """Where it was left."""
    return HttpResponseRedirect(Frame(request, account).next)


@step('guide')
def show_guide(frame: Frame) -> HttpResponse:
    if frame.request.method == 'POST':
        return frame.finish()
    return frame.show('guide.html', guide=guide.of_network(frame.network.slug))


@step('credentials')
def credentials(frame: Frame) -> HttpResponse:
    """Type them, or have the network give them, or other ones: those of a connected account are tried before
    they replace the former."""
    request = frame.request
    form = CredentialsForm(frame.network, frame.account, request.POST if request.method == 'POST' else None)
    problems = authorization.told(frame)
    if request.method == 'POST' and form.is_valid():
        offer = form.offer()
        if frame.setup is not None:
            with transaction.atomic():
                offer.keep(frame.account)
                frame.undo('test', 'webhook')
        if form.is_authorizing:
            try:
                return authorization.leave(frame, offer)
            except errors.SocialMediaError as error:
                said = authorization.said(frame.network, error)
                return _credentials(frame, form, [Problem(error.reason, said)])
        if frame.setup is not None:
            return frame.finish()
        problems = renewal.renew(frame.account, offer)
        if not problems:
            journal.record(request, 'credentials', frame.account)
            return frame.finish(_('The new credentials work, and are kept.'))
    return _credentials(frame, form, problems)


def _credentials(frame: Frame, form: CredentialsForm, problems: list[Problem]) -> HttpResponse:
    able = frame.network.capabilities
    return frame.show(
        'credentials.html',
        form=form,
        problems=problems,
        return_address=authorization.return_address(frame.network) if able.declares_return else '',
        authorize_help=_(frame.network.authorize_help) if able.authorizes else '',
    )


@step('test')
def test(frame: Frame) -> HttpResponse:
    """Ask the network, and w.c.s. once a form is chosen; say precisely what is wrong."""
    problems: list[Problem] | None = None
    if frame.request.method == 'POST':
        said = receiving.subscribe(frame) if 'subscribe' in frame.request.POST else []
        problems = [*said, *_examine(frame)]
        if frame.setup is not None and frame.account.external_id and not any(map(renewal.stops, problems)):
            for problem in problems:
                if problem.reason not in renewal.LATER:
                    messages.warning(frame.request, problem.message)
            return frame.finish(_('The test succeeded: this is « %s ».') % frame.account)
    return frame.show(
        'test.html',
        problems=problems,
        subscribes=receiving.can_subscribe(frame.network) and frame.account.endpoint is None,
        twin=_twin(frame, problems),
    )


def _examine(frame: Frame) -> list[Problem]:
    if frame.setup is not None:
        return health.network_problems(frame.account)
    journal.record(frame.request, 'test', frame.account)
    return health.examine(frame.account) + health.rehearse(frame.account)


def _twin(frame: Frame, problems: list[Problem] | None) -> Account | None:
    """The account that is this one already, if that is what is wrong."""
    if not problems or frame.setup is None or frame.account.external_id:
        return None
    try:
        found = health.check(frame.account)
    except errors.SocialMediaError:
        return None
    if not found.external_id:
        return None
    others = Account.objects.filter(network=frame.account.network, external_id=found.external_id)
    return others.exclude(pk=frame.account.pk).first()


@require_POST
def merge(request: HttpRequest, account: int) -> HttpResponse:
    """These credentials are of an account that we have: they become its own, and nothing else is made."""
    frame = Frame(request, account, 'credentials')
    twin = _twin(frame, [Problem('config', '')])
    if twin is None:
        return HttpResponseRedirect(frame.next)
    with transaction.atomic():
        Account.objects.filter(pk=twin.pk).update(credentials=frame.account.credentials)
        renewal.remove(frame.account)
        journal.record(request, 'credentials', twin)
    twin.refresh_from_db()
    health.examine(twin)
    messages.success(request, _('The new credentials work, and are kept.'))
    return HttpResponseRedirect(reverse('socialmedia-manage-account', args=[twin.pk]))


@require_http_methods(['GET', 'POST'])
def abandon(request: HttpRequest, account: int) -> HttpResponse:
    """Forget an account that was never connected; what it received meanwhile goes with it."""
    frame = Frame(request, account)
    if frame.setup is None:
        raise Http404
    if pages.confirmed(request):
        with transaction.atomic():
            renewal.remove(frame.account)
            journal.record(request, 'setup-abandoned', network=frame.account.network)
        return HttpResponseRedirect(reverse('socialmedia-manage-home'))
    question = pages.Question(
        title=_('Abandon this connection?'),
        button=_('Abandon'),
        cancel=frame.next,
        lines=[_('What you typed is forgotten, and the messages received since then are erased.')],
        danger=True,
    )
    return pages.confirm(request, question)
