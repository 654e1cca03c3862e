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

"""Messenger: the inbox of a Facebook Page. Facts and their dates: this folder's README."""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Capabilities,
    Credential,
    Health,
    Http,
    Outgoing,
    Status,
)
from publik_socialmedia.networks.messenger import attachments, health, sending
from publik_socialmedia.networks.meta import string
from publik_socialmedia.networks.meta_graph import APPLICATION
from publik_socialmedia.networks.meta_inbox import InboxNetwork
from publik_socialmedia.networks.meta_readers import Dialect
from publik_socialmedia.networks.meta_sending import HUMAN_WINDOW, WINDOW
from publik_socialmedia.networks.meta_threads import Reading

# Fields of a Page that are not private messages. /docs/graph-api/webhooks/reference/page
PUBLIC_FIELDS = frozenset(
    {'feed', 'mention', 'ratings', 'live_videos', 'videos', 'photos', 'status', 'posts'}
)
NOISE_FIELDS = frozenset(
    {'inbox_labels', 'messenger_template_status_update', 'conversations', 'name', 'picture', 'leadgen'}
)
MESSAGE_FIELDS = 'id,created_time,from,to,message,attachments,sticker,shares,reply_to'
MEGABYTE = 1_000_000


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Messenger(InboxNetwork):
    slug = 'messenger'
    label = 'Messenger'
    capabilities = Capabilities(
        webhook=True,
        history=True,
        receipts=(Status.DELIVERED, Status.READ),
        edits=True,
        reactions=True,
        profiles=True,
        text_limit=2000,
        text_unit='utf16',  # « 2000 characters »: nobody says how an emoji counts, this unit fits both ways
        files_out={
            'image/*': 8 * MEGABYTE,
            'audio/*': 25 * MEGABYTE,
            'video/*': 25 * MEGABYTE,
            'application/*': 25 * MEGABYTE,
            'text/*': 25 * MEGABYTE,
        },
        answer_window=WINDOW,
        human_window=HUMAN_WINDOW,
    )
    credentials = (
        *APPLICATION,
        Credential(
            'page_token',
            _('Page access token'),
            _('Preferably made with a system user: it does not depend on a person’s password.'),
        ),
    )
    error_table = sending.ERRORS
    shown_types = sending.SHOWN_TYPES
    dialect = Dialect('page', PUBLIC_FIELDS, NOISE_FIELDS, attachments.read, attachments.thumb, readers={})
    reading = Reading('messenger', MESSAGE_FIELDS, attachments.reread)

    def profile(self, account: Account, user: str, http: Http) -> str:
        """Name from the profile, which needs a reviewed feature, else from the thread, which does not."""
        found = self.profile_facts(account, user, 'first_name,last_name,name', http)
        names = (string(found.get('first_name')), string(found.get('last_name')))
        name = string(found.get('name')).strip() or ' '.join(filter(None, names))
        return name or self.name_in_thread(account, user, http)

    def body(self, outgoing: Outgoing, declared: Mapping[str, str], shown_type: str) -> Mapping[str, JSON]:
        return sending.body(outgoing, declared, shown_type)

    def check(self, account: Account, http: Http) -> Health:
        return health.check(self, account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        self.subscribe_to(account, health.FIELDS, http)
