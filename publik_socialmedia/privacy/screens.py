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


"""The administrators' pages about personal data: one person, proofs, the register sheet. For staff only.

An identifier is typed in forms that POST, and never put in an address, a message or the journal.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import IO, Any, cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publik_socialmedia import networks, text
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.manager import journal, pages
from publik_socialmedia.models import Account, Contact, Erasure, Journal
from publik_socialmedia.privacy import erasures, exporting, finding, register, retention
from publik_socialmedia.privacy.forms import PersonForm
from publik_socialmedia.privacy.purging import STEPS
from publik_socialmedia.wcs import linking
from publik_socialmedia.wcs.wording import network_label

RUN_FOR = 8.0  # seconds that an erasure may take in a request; socialmedia_purge ends it
IN_MEMORY = 5 * 1024 * 1024  # bytes of an export; a bigger one goes through a file that nobody sees

COUNTS: Mapping[str, str | Promise] = {
    'persons': gettext_lazy('Accounts on which the person was known'),
    'identifiers': gettext_lazy('Identifiers'),
    'messages': gettext_lazy('Messages'),
    'versions': gettext_lazy('Versions of messages'),
    'files': gettext_lazy('Files'),
    'demands': gettext_lazy('Demands'),
    'reactions': gettext_lazy('Reactions'),
    'receipts': gettext_lazy('Receipts'),
    'events': gettext_lazy('Events'),
    'deliveries': gettext_lazy('Deliveries cancelled'),
    'bodies': gettext_lazy('Bodies received'),
}


@require_http_methods(['GET', 'POST'])
def privacy(request: HttpRequest) -> HttpResponse:
    """How long things are kept, whether that is applied, who was erased; and the search of one person."""
    form = PersonForm(request.POST if request.method == 'POST' else None)
    found: list[Contact] | None = None
    if form.is_valid():
        found = list(finding.contacts(form.cleaned_data['identifier']).prefetch_related('identifiers'))
    last = Journal.objects.filter(action='purge').order_by('-at').first()
    general = retention.of()
    values = {
        'form': form,
        'found': None if found is None else [_shown(contact) for contact in found],
        'general': general,
        'own': [
            (account.pk, text.clean(str(account)), kept)
            for account in Account.objects.listed()
            if (kept := retention.of(account)) != general
        ],
        'media_days': app_settings.MEDIA_RETENTION_DAYS,
        'last': last,
        'purged': _counted({key: label for key, (label, _step) in STEPS.items()}, last) if last else [],
        'page_obj': pages.paginate(request, Erasure.objects.select_related('actor').order_by('-pk')),
        'page_query': pages.page_query(request),
    }
    return pages.show(request, 'privacy.html', values, crumbs=_crumbs())


@require_GET
def person(request: HttpRequest, contact: int) -> HttpResponse:
    """What is held on one person, on all accounts of their network."""
    found = _persons(contact)
    held = erasures.held(found)
    values = {
        'contact': contact,
        'persons': [_shown(one) for one in found],
        'counts': [(COUNTS[name], count) for name, count in held.items()],
    }
    return pages.show(request, 'person.html', values, crumbs=_crumbs(_person_crumb(contact)))


@require_POST
def export(request: HttpRequest, contact: int) -> FileResponse:
    """All of it as a ZIP, journaled."""
    found = _persons(contact)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the response
    exporting.write(found, cast(IO[bytes], file))
    file.seek(0)
    journal.record(request, 'export-person', contacts=[one.pk for one in found])
    name = f'donnees-personne-{contact}.zip'
    return FileResponse(file, as_attachment=True, filename=name, content_type='application/zip')


@require_http_methods(['GET', 'POST'])
def erase(request: HttpRequest, contact: int) -> HttpResponse:
    """Ask, then erase; what does not end at once is ended by the command of every day."""
    found = _persons(contact)
    if pages.confirmed(request):
        erasure = erasures.ask(found, actor=request.user)
        if erasures.run(erasure, seconds=RUN_FOR):
            messages.success(request, _('This person is erased.'))
        else:
            messages.info(request, _('The erasure has begun, and will end by itself.'))
        return HttpResponseRedirect(_proof_address(erasure))
    held = erasures.held(found)
    lines = [_('%(what)s: %(value)s') % {'what': COUNTS[name], 'value': n} for name, n in held.items()]
    lines += [
        _('What is erased cannot be had again. Export it first if the person wants it.'),
        _('Demands stay in w.c.s.: the proof gives their addresses, to anonymise them there.'),
        _('The person is not blocked: if they write again, they are somebody new.'),
    ]
    question = pages.Question(
        title=_('Erase this person?'),
        button=_('Erase for ever'),
        cancel=reverse('socialmedia-manage-person', args=[contact]),
        lines=lines,
        danger=True,
    )
    return pages.confirm(request, question, crumbs=_crumbs(_person_crumb(contact)))


@require_http_methods(['GET', 'POST'])
def proof(request: HttpRequest, reference: str) -> HttpResponse:
    """The proof of an erasure. POST: ``resume`` it, ``look`` at its demands, or ask whether it is about
    somebody (``identifier``)."""
    erasure = get_object_or_404(Erasure.objects.select_related('actor'), reference=reference)
    form = PersonForm(request.POST if 'identifier' in request.POST else None)
    if request.method == 'POST' and not form.is_bound:
        _act(request, erasure)
        return HttpResponseRedirect(_proof_address(erasure))
    network = networks.registry().get(erasure.network)
    values = {
        'erasure': erasure,
        'form': form,
        'about': erasures.is_about(erasure, form.cleaned_data['identifier']) if form.is_valid() else None,
        'network': network.label if network else erasure.network,
        'counts': [(label, erasure.counts[name]) for name, label in COUNTS.items() if name in erasure.counts],
        'left': sum(not demand['gone'] for demand in erasure.demands),
        'days': app_settings.TOMBSTONE_DAYS,
    }
    crumb = (_proof_address(erasure), _('Proof of erasure'))
    return pages.show(request, 'erasure.html', values, crumbs=_crumbs(crumb))


@require_GET
def register_sheet(request: HttpRequest) -> HttpResponse:
    values = {'sections': register.sections(), 'now': timezone.now()}
    crumb = (reverse('socialmedia-manage-register'), _('Register sheet'))
    return pages.show(request, 'register.html', values, crumbs=_crumbs(crumb))


# -- parts


def _act(request: HttpRequest, erasure: Erasure) -> None:
    if 'resume' in request.POST:
        if not erasures.run(erasure, seconds=RUN_FOR):
            messages.info(request, _('It is not ended yet: somebody is being worked for at this moment.'))
    elif 'look' in request.POST:
        unknown = erasures.look(erasure)
        if unknown:
            messages.warning(request, _('w.c.s. did not answer for %s demands: try again later.') % unknown)


def _persons(contact: int) -> list[Contact]:
    """All that we know of that person; 404 if nothing is left of them."""
    first = get_object_or_404(Contact, pk=contact, erased_at__isnull=True)
    return list(finding.same_persons([first]).prefetch_related('identifiers')) or [first]


def _shown(contact: Contact) -> dict[str, Any]:
    """A person in a list: enough to tell two apart, not more (R50)."""
    return {
        'pk': contact.pk,
        'account': text.clean(str(contact.account)),
        'network': network_label(contact.account),
        'person': linking.masked(contact),
        'conversation': contact.conversation,
    }


def _counted(labels: Mapping[str, Any], row: Journal) -> list[tuple[Any, int]]:
    counts = row.details.get('counts') or {}
    return [(label, counts[name]) for name, label in labels.items() if counts.get(name)]


def _proof_address(erasure: Erasure) -> str:
    return reverse('socialmedia-manage-erasure', args=[erasure.reference])


def _person_crumb(contact: int) -> pages.Crumb:
    return reverse('socialmedia-manage-person', args=[contact]), _('What is held on one person')


def _crumbs(*more: pages.Crumb) -> list[pages.Crumb]:
    return [(reverse('socialmedia-manage-privacy'), _('Personal data')), *more]
