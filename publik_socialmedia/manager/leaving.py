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

"""Taking an account away: what we hold of it as a file, then its removal, which says what it erases (R40)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from publik_socialmedia.jobs import removal
from publik_socialmedia.manager import journal, pages
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.manager.steps import Frame
from publik_socialmedia.models import (
    Account,
    Attachment,
    Conversation,
    Delivery,
    Demand,
    Journal,
    Message,
    RawEvent,
)

EXPORTED = 200  # conversations read at once
SETTINGS = ('network', 'external_id', 'name', 'state', 'wcs_site', 'form', 'grouping_delay', 'reopen_days')
MESSAGE = ('origin', 'state', 'external_id', 'text', 'sent_at', 'received_at', 'erased_at', 'failure')
DEMAND = ('wcs_site', 'form', 'number', 'display_number', 'state', 'opened_at', 'closed_at', 'backoffice_url')


@require_POST
def export(request: HttpRequest, account: int) -> StreamingHttpResponse:
    """All that we hold of an account but its secrets and the raw bodies, as JSON; journaled."""
    found = Frame(request, account).account
    journal.record(request, 'export', found)
    response = StreamingHttpResponse(_export(found), content_type='application/json')
    name = f'compte-{found.network}-{found.pk}.json'
    response['Content-Disposition'] = f'attachment; filename="{name}"'
    return response


def _export(account: Account) -> Iterator[str]:
    """By batches of conversations: there may be a hundred thousand messages, and a web server waits."""
    settings = {name: getattr(account, name) for name in SETTINGS}
    rows = (
        Journal.objects.filter(account=account)
        .order_by('pk')
        .values('at', 'action', 'details', 'actor__username')
    )
    head = {
        'exported_at': timezone.now(),
        'account': {**settings, 'acknowledgement': account.acknowledgement},
        'journal': list(rows),
    }
    yield _json(head)[:-1] + ', "conversations": ['
    comma = ''
    for conversation in _conversations(account):
        contact = conversation.contact
        found: dict[str, Any] = {
            'person': {
                'name': contact.name,
                'identifiers': [item.value for item in contact.identifiers.all()],
            },
            'demands': [_values(demand, DEMAND) for demand in conversation.demands.all()],
            'messages': [_values(message, MESSAGE) for message in conversation.messages.all()],
        }
        yield comma + _json(found)
        comma = ', '
    yield ']}\n'


def _conversations(account: Account) -> Iterator[Conversation]:
    """With all that is written of them: the same queries for each EXPORTED of them."""
    messages = Message.objects.order_by('sort_at', 'sequence').only('conversation', *MESSAGE)
    demands = Demand.objects.order_by('pk').only('conversation', *DEMAND)
    known = account.conversations.select_related('contact').prefetch_related(
        'contact__identifiers', Prefetch('demands', demands), Prefetch('messages', messages)
    )
    return known.order_by('pk').iterator(chunk_size=EXPORTED)


def _values(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


class RemovalForm(AccessibleForm):
    """The name, typed again: a removal is never a slip."""

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        self.account = account
        super().__init__(*args, **kwargs)
        label = _('To confirm, type the name of the account: %s') % account
        self.fields['name'] = forms.CharField(
            label=label, widget=forms.TextInput(attrs={'autocomplete': 'off'})
        )

    def clean_name(self) -> str:
        name = str(self.cleaned_data['name'])
        if name.strip() != str(self.account).strip():
            raise forms.ValidationError(_('This is not the name of the account.'))
        return name


@require_http_methods(['GET', 'POST'])
def remove(request: HttpRequest, account: int) -> HttpResponse:
    frame = Frame(request, account)
    if frame.setup is not None:
        return HttpResponseRedirect(reverse('socialmedia-manage-abandon', args=[account]))
    form = RemovalForm(frame.account, request.POST if pages.confirmed(request) else None)
    if pages.confirmed(request) and form.is_valid():
        name = str(frame.account)
        removal.ask(frame.account, request.user)
        said = _('« %s » is removed: nothing comes nor leaves any more. What was kept of it is being erased.')
        messages.success(request, said % name)
        return HttpResponseRedirect(reverse('socialmedia-manage-home'))
    question = pages.Question(
        title=_('Remove « %s »?') % frame.account,
        button=_('Remove for ever'),
        cancel=frame.address('account'),
        lines=erased(frame.account),
        danger=True,
        form=form,
    )
    return pages.confirm(request, question, crumbs=[(frame.address('account'), str(frame.account))])


def erased(account: Account) -> list[str]:
    """What a removal erases, and what it does not."""
    counts = {
        'conversations': account.conversations.count(),
        'messages': Message.objects.filter(account=account).count(),
        'files': Attachment.objects.filter(message__account=account).exclude(storage='').count(),
        'bodies': RawEvent.objects.filter(account=account).count(),
    }
    waiting = Delivery.objects.filter(
        conversation__account=account, state__in=[Delivery.State.PENDING, Delivery.State.BLOCKED]
    ).count()
    lines = [
        _(
            'Erased here: %(conversations)s conversations, %(messages)s messages, %(files)s files, '
            '%(bodies)s bodies.'
        )
        % counts,
        _('Its credentials are forgotten. On the network, take back the access of the application.'),
    ]
    if waiting:
        said = ngettext(
            '%s item that waits will never leave.', '%s items that wait will never leave.', waiting
        )
        lines.append(said % waiting)
    still_open = Demand.objects.filter(account=account, state=Demand.State.OPEN).count()
    if still_open:
        said = ngettext(
            '%s open demand stays in w.c.s., but can no longer be answered through the network.',
            '%s open demands stay in w.c.s., but can no longer be answered through the network.',
            still_open,
        )
        lines.append(said % still_open)
    lines.append(_('Demands stay in w.c.s., with what they hold.'))
    if account.endpoint is not None and account.endpoint.accounts.count() > 1:
        lines.append(
            _(
                'The webhook is shared with other accounts, and stays; the bodies it received end with '
                'their delay.'
            )
        )
    return lines
