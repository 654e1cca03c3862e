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

"""What stands beside the fields of a demand: its channel, its panel, the demand it follows, its citizen.

w.c.s. shows it in the side bar and gives it to templates as ``form_submission_context_…``. It puts addresses
into the page without escaping them: all of these are made by us, nothing in them comes from a network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _

from publik_socialmedia import errors
from publik_socialmedia.models import Conversation, Demand
from publik_socialmedia.text import clean
from publik_socialmedia.wcs import panel, wording

#: The word of w.c.s. for « Réseau social ».
CHANNEL: Final = 'social-network'

logger = logging.getLogger(__name__)

FormId = Callable[[str], str]  # slug of a form → its number in w.c.s.; may raise what the client raises


def submitted(demand: Demand, conversation: Conversation, form_id: FormId) -> dict[str, Any]:
    """The context of a demand that is being opened."""
    facts = {**_common(demand, conversation), 'socialmedia_key': demand.key}
    previous = demand.previous
    if previous is not None and previous.number and previous.wcs_site == demand.wcs_site:
        facts |= _origin(previous, form_id)
    return facts


def draft(demand: Demand, form_id: FormId) -> dict[str, Any]:
    """The context of another form that an agent opens from a demand; its channel and citizen are settled."""
    facts = _common(demand, demand.conversation)
    locked = {'channel': CHANNEL}
    if 'user_id' in facts:
        locked['user_id'] = facts['user_id']
    addresses = {'return_url': demand.backoffice_url, 'cancel_url': demand.backoffice_url}
    return {**facts, **_origin(demand, form_id), **addresses, 'submission-locked': locked}


def _common(demand: Demand, conversation: Conversation) -> dict[str, Any]:
    account = conversation.account
    facts = {
        'channel': CHANNEL,
        'comments': _('%(network)s, account %(account)s')
        % {'network': wording.network_label(account), 'account': clean(str(account))},
    }
    if conversation.contact.wcs_user_id:
        # proved by that person (R27); the way by which w.c.s. takes a user together with a channel
        facts['user_id'] = conversation.contact.wcs_user_id
    try:
        facts['summary_url'] = panel.address(demand)
    except errors.ConfigurationError:
        # a message must not wait until somebody says where we are
        logger.warning('demand %s has no panel: the address of this site is not known', demand.pk)
    return facts


def _origin(demand: Demand, form_id: FormId) -> dict[str, str]:
    """What makes w.c.s. show a link to a demand; nothing if its form is no longer there."""
    try:
        number = form_id(demand.form)
    except errors.ConfigurationError:
        return {}
    return {
        'orig_object_type': 'formdef',
        'orig_formdef_id': number,
        'orig_formdata_id': demand.number,
    }
