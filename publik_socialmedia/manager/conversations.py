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

"""The pages of conversations: found by person, day and state, read, never written in; a person is blocked.

What is searched for is a person's name or identifier: it is kept in the session, not in the address, which
web servers write in their logs (R50).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from publik_socialmedia import text
from publik_socialmedia.conversations import standing
from publik_socialmedia.manager import journal, pages
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.models import Contact, Conversation, Demand
from publik_socialmedia.privacy import finding
from publik_socialmedia.wcs import mapping
from publik_socialmedia.wcs.panel_files import page_of
from publik_socialmedia.wcs.panel_lines import Line, Reader
from publik_socialmedia.wcs.wording import network_label

KEY = 'socialmedia-conversations'  # of the session
STATES = (
    ('', gettext_lazy('All')),
    ('waiting', gettext_lazy('An answer is awaited')),
    ('open', gettext_lazy('Demand open')),
    ('failed', gettext_lazy('An answer could not be sent')),
    ('closed', gettext_lazy('No demand open')),
    ('blocked', gettext_lazy('Person blocked')),
)
_DAYS = (date(1990, 1, 1), date(2200, 1, 1))  # all that a time zone can be applied to, and more


class SearchForm(AccessibleForm):
    """What is looked for; all of it may be empty."""

    person = forms.CharField(
        label=gettext_lazy('Person, or number of the demand'),
        required=False,
        max_length=250,
        widget=forms.TextInput(attrs={'autocomplete': 'off', 'type': 'search'}),
    )
    since = forms.DateField(
        label=gettext_lazy('Active since'),
        required=False,
        widget=forms.DateInput(format='%Y-%m-%d', attrs={'type': 'date'}),
    )
    until = forms.DateField(
        label=gettext_lazy('Begun before or on'),
        required=False,
        widget=forms.DateInput(format='%Y-%m-%d', attrs={'type': 'date'}),
    )
    state = forms.ChoiceField(label=gettext_lazy('State'), required=False, choices=STATES)


@dataclass(frozen=True)
class Row:
    """A conversation as it is listed; ``demand``: the last one, None if there never was any."""

    pk: int
    person: str
    account: str
    network: str
    at: datetime
    blocked: bool
    demand: Shown | None


@dataclass(frozen=True)
class Shown:
    """A demand as it is shown."""

    number: str
    url: str
    state: str
    opened_at: datetime | None
    closed_at: datetime | None


@require_http_methods(['GET', 'HEAD', 'POST'])
def conversations(request: HttpRequest) -> HttpResponse:
    """The list, latest first; a POST is a search, kept until another one."""
    if request.method == 'POST':
        asked = {} if 'clear' in request.POST else request.POST.dict()
        names = SearchForm.base_fields
        request.session[KEY] = {name: asked[name] for name in names if asked.get(name)}
        return HttpResponseRedirect(reverse('socialmedia-manage-conversations'))
    form = SearchForm(request.session.get(KEY) or {})
    rows = pages.paginate(request, found(form.cleaned_data if form.is_valid() else {}))
    values = {
        'form': form,
        'searched': bool(request.session.get(KEY)),
        'page_obj': rows,
        'page_query': pages.page_query(request),
        'rows': list(listed(rows)),
    }
    return pages.show(request, 'conversations.html', values, crumbs=[_crumb()])


def found(asked: dict[str, Any]) -> QuerySet[Conversation]:
    """Conversations of persons who were not erased, that fit what is asked."""
    known = _known()
    if asked.get('person'):
        known = known.filter(_of_person(asked['person'].strip().replace('\0', '')))
    if asked.get('since'):
        known = known.filter(last_activity_at__gte=_midnight(asked['since']))
    if asked.get('until'):
        known = known.filter(created_at__lt=_midnight(asked['until']) + timedelta(days=1))
    if asked.get('state'):
        known = known.filter(standing.states()[asked['state']])
    return known.order_by('-last_activity_at', '-pk')


def _of_person(words: str) -> Q:
    demands = Demand.objects.filter(Q(number=words) | Q(display_number=words) | Q(tracking_code=words))
    demands = demands.exclude(state=Demand.State.GONE)
    known = finding.contacts(words).order_by().values('pk')
    return Q(contact__name__icontains=words) | Q(contact__in=known) | Q(pk__in=demands.values('conversation'))


def listed(rows: Iterable[Conversation]) -> Iterable[Row]:
    """Each with its person and its last demand: a fixed number of queries."""
    last = Demand.objects.filter(conversation__in=[row.pk for row in rows]).order_by('conversation', '-pk')
    demands = {demand.conversation_id: demand for demand in last.distinct('conversation')}
    for row in rows:
        demand = demands.get(row.pk)
        yield Row(
            pk=row.pk,
            person=mapping.person(row),
            account=text.clean(str(row.account)),
            network=network_label(row.account),
            at=row.last_activity_at,
            blocked=row.contact.blocked,
            demand=shown_demand(demand) if demand else None,
        )


def shown_demand(demand: Demand) -> Shown:
    gone = demand.state == Demand.State.GONE
    return Shown(
        number='' if gone else demand.display_number or demand.number,
        url='' if gone else page_of(demand),
        state=str(demand.get_state_display()) if gone or not demand.status_name else demand.status_name,
        opened_at=demand.opened_at,
        closed_at=demand.closed_at,
    )


@require_http_methods(['GET', 'HEAD'])
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """All that was said, page by page, the last one first. Who reads it is written down."""
    mine = _conversation(pk)
    journal.record_once(request, 'read-conversation', mine.account, conversation=mine.pk)
    newest = mine.messages.select_related('demand').order_by('-sort_at', '-sequence', '-pk')
    page = pages.paginate(request, newest)
    person = mapping.person(mine)
    values = {
        'conversation': mine,
        'contact': mine.contact,
        'person': person,
        'identifiers': [text.clean(item.value) for item in mine.contact.identifiers.all()],
        'account': text.clean(str(mine.account)),
        'network': network_label(mine.account),
        'demands': [shown_demand(demand) for demand in mine.demands.order_by('-pk')],
        'lines': list(_demand_once(Reader(mine, list(reversed(page.object_list))).lines())),
        'page_obj': page,
        'page_query': pages.page_query(request),
    }
    crumbs = [_crumb(), (request.path, person)]
    return pages.show(request, 'conversation.html', values, crumbs=crumbs)


def _demand_once(lines: Iterable[Line]) -> Iterator[Line]:
    """The demand of a message is said where it changes."""
    before = ''
    for line in lines:
        yield replace(line, demand='') if line.demand == before else line
        before = line.demand


@require_POST
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """Block the person (``blocked=1``) once it is confirmed, or unblock them (``blocked=0``)."""
    mine = _conversation(pk)
    address = reverse('socialmedia-manage-conversation', args=[pk])
    wanted = request.POST.get('blocked') == '1'
    if wanted and not pages.confirmed(request):
        question = pages.Question(
            title=_('Block this person'),
            button=_('Block'),
            cancel=address,
            lines=[
                _('What they write from now on is kept and can be read here, but told to nobody.'),
                _('It opens no demand and gets no answer nor acknowledgement.'),
                _('Their demands stay as they are in w.c.s.; agents can still answer them.'),
                _('They are not told, and you can unblock them at any time.'),
            ],
            danger=True,
            hidden={'blocked': '1'},
        )
        return pages.confirm(request, question, crumbs=[_crumb(), (address, mapping.person(mine))])
    changed = Contact.objects.filter(pk=mine.contact_id).exclude(blocked=wanted).update(blocked=wanted)
    if changed:
        action = 'block-person' if wanted else 'unblock-person'
        journal.record(request, action, mine.account, contact=mine.contact_id)
        told = _('This person is blocked.') if wanted else _('This person is no longer blocked.')
        messages.success(request, told)
    return HttpResponseRedirect(address)


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(_known(), pk=pk)


def _known() -> QuerySet[Conversation]:
    """Those of the persons who were not erased, with what is shown of them."""
    known = Conversation.objects.filter(contact__erased_at=None, account__removed_at=None)
    known = known.select_related('account', 'contact')
    return known.defer('account__credentials').prefetch_related('contact__identifiers')


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(min(max(day, _DAYS[0]), _DAYS[1]), time()))


def _crumb() -> pages.Crumb:
    return reverse('socialmedia-manage-conversations'), _('Conversations')
