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

"""Reading by ``getUpdates``: what was read is committed first, and confirmed by the next call only.

https://core.telegram.org/bots/api#getupdates: a call with an offset makes Telegram forget all that is before
it. So the cursor says what may be forgotten once it is committed; a page whose commit failed is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Page, Raw, Source
from publik_socialmedia.networks.reading import dicts, integer

from .api import WEBHOOK_KEY, Api, result
from .parsing import WANTED

METHOD = 'getUpdates'
LIMIT = 100  # of Telegram


def poll(account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
    """Cursor: ``{'offset': number of the first update that we do not have}``, 0 while that is not known.

    An account that has a webhook is not polled, which Telegram would refuse; were it polled one day, what
    waits then would be read.
    """
    if account.credentials.get(WEBHOOK_KEY):
        return Page((), {'offset': 0})
    api, offset = Api(account, http), integer(cursor.get('offset'))
    if offset is None:
        # « from now on » (R18): the last one only, those before it are forgotten
        newest = _numbers(api.get(METHOD, offset=-1, limit=1, allowed_updates=json.dumps(WANTED)))
        return Page((), {'offset': max(newest, default=-1) + 1})
    wanted = {'offset': offset} if offset > 0 else {}
    answer = api.get(METHOD, limit=LIMIT, allowed_updates=json.dumps(WANTED), **wanted)
    numbers = _numbers(answer)
    if not numbers:
        # all is confirmed. After a week without any, numbers start again from anywhere: none is kept
        return Page((), {'offset': 0})
    read = Raw(answer.body, Source.POLL, call=METHOD, account=account)
    return Page((read,), {'offset': max(numbers) + 1}, more=len(numbers) >= LIMIT)


def _numbers(answer: Answer) -> list[int]:
    """Numbers of the updates of an answer."""
    found = (integer(update.get('update_id')) for update in dicts(result(answer)))
    return [number for number in found if number is not None]
