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

"""The journal of what administrators do (R42): written here, said in French here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publik_socialmedia import text
from publik_socialmedia.models import Account, Journal
from publik_socialmedia.reasons import sentence

ONCE_IN = timedelta(hours=1)

# action → what people read. An action that is not here is shown as it is written.
LABELS = {
    'problem': _('refused by the network'),
    'problem-over': _('accepted again by the network'),
    'wcs-problem': _('refused by w.c.s.'),
    'wcs-problem-over': _('accepted again by w.c.s.'),
    'pause': _('paused'),
    'resume': _('started again'),
    'replay': _('work started again'),
    'merge-contacts': _('two persons found to be one'),
    'setup': _('connection begun'),
    'setup-abandoned': _('connection abandoned'),
    'connect': _('connected'),
    'authorization': _('access asked of the network'),
    'authorization-refused': _('access not given by the network'),
    'credentials': _('credentials changed'),
    'old-secrets': _('former secrets forgotten'),
    'verification-token': _('new secret made for the webhook'),
    'subscribe': _('subscribed to the network’s messages'),
    'test': _('tested'),
    'settings': _('settings changed'),
    'form': _('form chosen'),
    'install': _('form and workflow installed in w.c.s.'),
    'poll': _('polled by hand'),
    'repair': _('past messages read again'),
    'export': _('exported'),
    'removal': _('removal of the account asked'),
    'remove': _('account removed'),
    'import': _('unanswered threads imported'),
    'job-stopped': _('work in progress stopped'),
    'hasten': _('what was late tried at once'),
    'read-conversation': _('conversation read'),
    'purge': _('what was kept long enough erased'),
    'export-person': _('data of a person exported'),
    'erase-person': _('person erased'),
    'link-citizen': _('conversation linked to an account of Publik'),
    'unlink-citizen': _('link to an account of Publik undone'),
    'alert': _('managers warned by e-mail'),
    'alert-over': _('managers told by e-mail that it is over'),
    'mail-lost': _('managers could not be warned'),
    'block-person': _('person blocked'),
    'unblock-person': _('person unblocked'),
    'raw-body': _('content of a body shown'),
}


def record(request: HttpRequest, action: str, account: Account | None = None, **details: Any) -> Journal:
    """Write down what the person of this request does. No citizen's data nor secret among ``details``."""
    return Journal.objects.create(account=account, actor=_actor(request), action=action, details=details)


def record_once(request: HttpRequest, action: str, account: Account, **details: Any) -> None:
    """The same, unless this person did it less than an hour ago: looking at the next page is not news."""
    lately = timezone.now() - ONCE_IN
    mine = Journal.objects.filter(at__gt=lately, actor=_actor(request), action=action, account=account)
    if not mine.filter(details__contains=details).exists():
        record(request, action, account, **details)


def sign(request: HttpRequest, account: Account, action: str) -> None:
    """Say who did what a function of the heart has just written in the journal by itself."""
    last = Journal.objects.filter(account=account, action=action).order_by('-pk').first()
    if last is not None and last.actor_id is None:
        last.actor = _actor(request)
        last.save(update_fields=['actor'])


def label(row: Journal) -> str:
    """What the row says, for people."""
    said = str(LABELS.get(row.action, row.action))
    reason = row.details.get('reason')
    return f'{said} : {sentence(reason)}' if isinstance(reason, str) and reason else said


# detail → how it is said; those that are not here are for programs, or said by the label
_DETAILS = {
    'name': '« %s »',
    'deliveries': _('deliveries: %s'),
    'bodies': _('bodies: %s'),
    'polls': _('polls: %s'),
    'threads': _('threads: %s'),
    'stored': _('pages: %s'),
    'since': _('since: %s'),
    'messages': _('messages: %s'),
    'conversations': _('conversations: %s'),
    'files': _('files: %s'),
    'changed': _('what: %s'),
    'form': _('form: %s'),
}


def details(row: Journal) -> str:
    """What it was about, in words, '' if the label says it all."""
    known = {**row.details, **row.details.get('erased', {})}
    said = []
    for name, words in _DETAILS.items():
        value = known.get(name)
        if value or (value == 0 and 'erased' not in row.details):
            shown = ', '.join(map(str, value)) if isinstance(value, list) else value
            said.append(str(words) % text.clean(str(shown)))
    return ' – '.join(said)


def _actor(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None
