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

"""A month of two accounts, whose figures are known, and calls signed as the bricks of Publik sign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from publik_socialmedia.models import Account, Demand, Message
from tests.factory import make_account, write
from tests.wcs.caller import signed_query

API = '/api/socialmedia/statistics/'
ORIG, SECRET = 'agents.example.org', 'secret-of-the-agents-portal'
SERVICES = {'combo': {'agents': {'url': 'https://agents.example.org/', 'orig': 'here', 'secret': SECRET}}}
# a Monday, 9:00 in Paris
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def ask(path: str = '', params: dict[str, str] | None = None, **how: Any) -> Any:
    """A call of the portal of agents. ``how`` makes it wrong, see ``caller.signed_query``."""
    query = signed_query(params, **{'orig': ORIG, 'key': SECRET, **how})
    return Client().get(f'{API}{path}?{query}')


def asked(slug: str, **params: str) -> dict[str, Any]:
    """The data of a series; ``group_by`` stands for ``group-by``."""
    answer = ask(f'{slug}/', {name.replace('group_by', 'group-by'): value for name, value in params.items()})
    assert answer.status_code == 200, answer.content
    content = answer.json()
    assert content['err'] == 0 and content['data']['subfilters'] == []
    found: dict[str, Any] = content['data']
    return found


def figures(slug: str, **params: str) -> dict[str, list[float | None]]:
    """Data of each series by its label, and the labels under ''."""
    data = asked(slug, **params)
    for item in data['series']:
        assert len(item['data']) == len(data['x_labels'])
    return {'': data['x_labels'], **{item['label']: item['data'] for item in data['series']}}


def came(account: Account, at: datetime, **values: Any) -> Message:
    """A citizen wrote then, and it was received then."""
    message = write(account, 'Je suis malade', sent_at=at, **values)
    Message.objects.filter(pk=message.pk).update(received_at=at)
    message.refresh_from_db()
    return message


def opened(message: Message, **values: Any) -> Demand:
    """The demand that this message opened, a minute later."""
    at = message.received_at + timedelta(minutes=1)
    demand = Demand.objects.create(
        account=message.account,
        conversation=message.conversation,
        wcs_site='default',
        **{'form': 'message', 'number': str(message.pk), 'state': 'closed', 'opened_at': at, **values},
    )
    Message.objects.filter(pk=message.pk).update(demand=demand)
    return demand


def answered(demand: Demand, after: timedelta, **values: Any) -> Message:
    """Something of ours, that long after the first message of the citizen."""
    first = demand.messages.filter(origin='citizen').earliest('received_at')
    at = first.received_at + after
    return Message.objects.create(
        account=demand.account,
        conversation=demand.conversation,
        demand=demand,
        text='Votre dossier est prêt.',
        sort_at=at,
        received_at=at,
        **{
            'origin': 'agent',
            'state': 'sent',
            'external_id': f'answer-{Message.objects.count()}',
            'answer_key': f'answer-{Message.objects.count()}',
            **values,
        },
    )


def month() -> tuple[Account, Account]:
    """Two accounts of two networks in March 2026.

    The first: three persons write on Monday 2nd at 9:00, 10:00 and 23:30, three demands, answered after 10
    minutes (in three parts), 1 hour (natively) and never; an acknowledgement of the first after 5 seconds, an
    answer of the third that failed. The second: one person writes on Wednesday 4th, and again on the 20th.
    """
    one, two = make_account('messenger', name='Ville'), make_account('mastodon', name='Mairie')
    first, second, third = (
        opened(came(one, MONDAY + timedelta(hours=hours), user=user))
        for user, hours in (('a', 0), ('b', 1), ('c', 14.5))
    )
    for part in range(3):
        answered(first, timedelta(minutes=10, seconds=part), answer_key='long', part=part)
    answered(first, timedelta(seconds=5), origin='automatic')
    answered(second, timedelta(hours=1), origin='native')
    answered(third, timedelta(hours=2), state='failed', failure='window')
    late = came(two, MONDAY + timedelta(days=2), user='d')
    opened(late, form='other')
    came(two, MONDAY + timedelta(days=18), user='d')
    return one, two
