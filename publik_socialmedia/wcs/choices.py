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

"""What the workflow asks us for the agents: where a demand can go, and what it can become.

Lists (GET, ``{"err": 0, "data": [{"id", "text"}]}``): the services that a demand can be handed over to, the
forms that an agent may open. Actions (POST): open such a form with what is known, find a demand by its
tracking code. w.c.s. never clears the answer of an earlier call, so each answer gives back the rank
(``reply``) of its question: the workflow believes no other. That is also why a refusal that an agent must
read is a success that holds ``refusal``.

Errors are those of ``calls``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia.errors import ConfigurationError, SocialMediaError
from publik_socialmedia.models import Demand, Message
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import calls, context, mapping
from publik_socialmedia.wcs.calls import Call
from publik_socialmedia.wcs.client import Client, site_for
from publik_socialmedia.wcs.model import Content

logger = logging.getLogger(__name__)

#: Seconds for one call to w.c.s., which itself waits 28 s for us.
TIMEOUT: Final = 8
Choice = dict[str, str]


def services(call: Call) -> list[Choice]:
    """The roles whose holders enter the back office, by name."""
    roles = [role for role in _client(call).roles() if role.backoffice]
    return [{'id': role.slug, 'text': role.name} for role in sorted(roles, key=lambda role: role.name)]


def forms(call: Call) -> list[Choice]:
    """The other forms that the agent (``email``) may fill in the back office, by title."""
    if not call.word('email'):
        return []
    found = _client(call).forms(fillable_by=call.word('email'))
    others = [form for form in found if form.slug != call.demand.form]
    return [{'id': form.slug, 'text': form.title} for form in sorted(others, key=lambda form: form.title)]


def convert(call: Call) -> dict[str, Any]:
    """Open another form as a draft of the agent, with what is known, linked to the demand.

    ``form``: slug; ``agent``: e-mail. The address given leads to the draft, then to the demand it becomes.
    """
    form, agent = call.word('form'), call.word('agent')
    if not form or not agent or form == call.demand.form:
        return _refused(call, _('Choose a form.'))
    client, told = _client(call), _messages(call.demand)
    try:
        schema = client.schema(form, fresh=True)
        files, left = mapping.known_files(told, schema, _contents(client, call.demand, agent, told))
        data = {**mapping.known_values(call.demand, told, schema), **files}
        beside = context.draft(call.demand, client.form_id)
        created = client.submit(form, data, beside, draft_of=agent)
    except ConfigurationError as error:
        return _refused(call, sentence(error.reason))
    return {'reply': call.values.get('reply'), 'url': created.backoffice_url, 'note': _left(left)}


def _contents(client: Client, demand: Demand, agent: str, told: Sequence[mapping.Told]) -> list[Content]:
    """The files that w.c.s. holds for the demand, as that agent sees them: ours went when it had them. []
    if they cannot be had: the form is opened all the same."""
    if not any(item.attachments for item in told):
        return []
    try:
        return client.files(demand.form, demand.number, reader=agent)
    except SocialMediaError as error:
        logger.warning('files of demand %s: %s', demand.pk, error)
        return []


def _left(count: int) -> str:
    """What the agent is told of the files that the other form does not get."""
    if not count:
        return ''
    return (
        ngettext(
            '%s file of the message is not in this form: see it on the message.',
            '%s files of the message are not in this form: see them on the message.',
            count,
        )
        % count
    )


def attach(call: Call) -> dict[str, Any]:
    """Find the demand of a tracking code (``code``)."""
    url = _client(call).url_of_code(call.word('code').strip().upper())
    if not url:
        return _refused(call, _('No demand has this tracking code.'))
    return {'reply': call.values.get('reply'), 'url': url}


services_list = calls.endpoint(services, method='GET')
forms_list = calls.endpoint(forms, method='GET')
conversion = calls.endpoint(convert)
attachment = calls.endpoint(attach)


def _client(call: Call) -> Client:
    return Client(site_for(call.demand.wcs_site), timeout=TIMEOUT)


def _messages(demand: Demand) -> list[mapping.Told]:
    messages = Message.objects.filter(demand=demand, origin=Message.Origin.CITIZEN, erased_at=None)
    return mapping.load(messages)


def _refused(call: Call, why: str) -> dict[str, Any]:
    return {'reply': call.values.get('reply'), 'refusal': why}
