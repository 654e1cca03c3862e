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

"""The automatic first answer (accusé de réception) of an account, off by default (R53).

Once per demand, when it is opened; within the answer window; only to a person who has just written something
that asks for an answer; never to what answers by itself, nor twice a day to anybody: two machines that
acknowledge each other's acknowledgements never stop.

``Account.acknowledgement``: {'enabled', 'text' and 'text_closed' (outside opening hours) with the variables
of VARIABLES, 'only_closed', 'service', 'hours' and 'closures' (see ``conversations.opening``)}.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publik_socialmedia import errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import courtesy, legal, opening
from publik_socialmedia.delivery import answers, sending
from publik_socialmedia.models import Account, Demand, Message
from publik_socialmedia.text import clean
from publik_socialmedia.wcs import linking

VARIABLES = (
    'service', 'compte', 'numero', 'code', 'date', 'heure', 'horaires', 'reouverture', 'date_accuse',
    'date_silence', 'lien_compte',
)  # fmt: skip
OLD = timedelta(days=1)  # what was written before is not news: the past was imported
_VARIABLE = re.compile(r'\{(\w+)\}')
_AUTOMATIC = re.compile(
    r'(reponse|message|mail|courriel) automatique|automatic(ally)? (sent )?(reply|response|message|answer)'
    r'|auto-?(reply|responder|response)|reponds? automatiquement|out of (the )?office'
    r'|absent\(?e?\)?s? du bureau|avons bien (recu|enregistre) (votre|ta) (message|demande)'
    r'|(votre|ta) (message|demande) a bien ete |ne pas repondre a ce (message|mail)|do not reply to this'
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator chose for an account."""

    enabled: bool
    text: str
    text_closed: str
    only_closed: bool
    service: str
    opening: opening.Opening


def read(values: Mapping[str, Any]) -> Settings:
    """Settings as they are stored; ValueError says, for the administrator, what is wrong."""
    text = str(values.get('text') or '').strip() or default_text()
    closed = str(values.get('text_closed') or '').strip() or text
    for name in _VARIABLE.findall(text + closed):
        if name not in VARIABLES:
            raise ValueError(_('Unknown variable « %s » in the text of the acknowledgement.') % name)
    return Settings(
        enabled=values.get('enabled') is True,
        text=text,
        text_closed=closed,
        only_closed=values.get('only_closed') is True,
        service=clean(str(values.get('service') or '')),
        opening=opening.read(values.get('hours'), values.get('closures')),
    )


def default_text() -> str:
    return _(
        'Hello,\n'
        'Your message of {date} at {heure} was received by {service}.\n'
        'It is registered under number {numero}.\n'
        'Tracking code of your request: {code}.\n'
        'Our agents answer {horaires}.\n'
        'The service opens again {reouverture}.\n'
        'This is an automatic message.'
    )


def tells_number(account: Account) -> bool:
    """Whether the number of the demand, as people read it, will be needed."""
    values = account.acknowledgement
    texts = [str(values.get(name) or '') for name in ('text', 'text_closed')]
    return values.get('enabled') is True and (not texts[0].strip() or '{numero}' in ''.join(texts))


def send(demand: Demand, messages: Sequence[Message]) -> None:
    """Queue the acknowledgement of a demand that these messages have just opened, if there must be one.

    Nothing that fails here keeps the demand: it is open. To be called in the transaction that opens it.
    """
    if demand.account.acknowledgement.get('enabled') is not True:
        return
    try:
        with transaction.atomic():
            _send(read(demand.account.acknowledgement), demand, messages)
    except (OperationalError, InterfaceError):
        raise
    except errors.SocialMediaError as error:
        logger.info('demand %s not acknowledged: %s', demand.pk, error)
    except Exception as error:
        logger.error('demand %s not acknowledged: %s', demand.pk, errors.where(error))


def _send(settings: Settings, demand: Demand, messages: Sequence[Message]) -> None:
    last = messages[-1]
    if not _is_wanted(settings, demand, messages):
        return
    is_closed = settings.opening.known and not settings.opening.is_open(last.received_at)
    if settings.only_closed and not is_closed:
        return
    sending.accept(
        demand.conversation,
        render(settings.text_closed if is_closed else settings.text, variables(settings, demand, last)),
        answer_key=answers.key_of(demand, answers.ACKNOWLEDGEMENT),
        demand=demand,
        human=False,
    )


def _is_wanted(settings: Settings, demand: Demand, messages: Sequence[Message]) -> bool:
    last = messages[-1]
    if (
        last.received_at - last.sort_at > OLD
        or courtesy.is_courtesy(messages)
        or any(map(is_automatic, messages))
    ):
        return False
    ours = demand.conversation.messages.exclude(origin=Message.Origin.CITIZEN)
    lately = timezone.now() - timedelta(seconds=app_settings.ACKNOWLEDGEMENT_INTERVAL)
    if ours.filter(origin=Message.Origin.AUTOMATIC, received_at__gt=lately).exists():
        return False
    # somebody was faster
    return not ours.exclude(origin=Message.Origin.AUTOMATIC).filter(sort_at__gt=last.sort_at).exists()


def is_automatic(message: Message) -> bool:
    """Whether a message answers by itself, as far as it says so: to it, nothing answers by itself."""
    if message.details.get('automatic'):
        return True
    plain = unicodedata.normalize('NFKD', message.text.casefold().replace('’', "'"))
    plain = ' '.join(''.join(c for c in plain if not unicodedata.combining(c)).split())
    return _AUTOMATIC.search(plain) is not None


def variables(settings: Settings, demand: Demand, message: Message) -> dict[str, str]:
    """Values of VARIABLES; '' for what is not known."""
    at = timezone.localtime(message.received_at)
    opens = settings.opening.next(message.received_at) if settings.opening.known else None
    if opens is not None and settings.opening.is_open(message.received_at):
        opens = None
    due = legal.dates(message.received_at)
    return {
        'service': settings.service or str(demand.account),
        'compte': str(demand.account),
        'numero': demand.display_number or demand.number,
        'code': demand.tracking_code,
        'date': date_format(at, 'j F Y'),
        'heure': opening.clock(at.time()),
        'horaires': settings.opening.words(),
        'reouverture': _opens(opens),
        'date_accuse': date_format(due['date_accuse'], 'j F Y'),
        'date_silence': date_format(due['date_silence'], 'j F Y'),
        'lien_compte': linking.offered(demand.conversation.contact),
    }


def _opens(at: Any) -> str:
    if at is None:
        return ''
    local = timezone.localtime(at)
    return _('on %(day)s at %(hour)s') % {
        'day': date_format(local, 'l j F'),
        'hour': opening.clock(local.time()),
    }


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables. A line with a variable that is empty is left out."""
    lines = [
        _VARIABLE.sub(lambda match: values.get(match[1], match[0]), line)
        for line in text.splitlines()
        if all(values.get(name, name) for name in _VARIABLE.findall(line))
    ]
    return '\n'.join(lines).strip()
