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

"""Media of X: uploads in pieces, and the private pictures of messages."""

from __future__ import annotations

from typing import ClassVar

from demo.emulators.server import Call, Reply
from demo.emulators.x_access import Caller, problem
from demo.emulators.x_state import Item, Media, State

MEGABYTE = 1024 * 1024
TYPES = {
    'dm_image': (('image/jpeg', 'image/png', 'image/webp'), 5 * MEGABYTE),
    'dm_gif': (('image/gif',), 15 * MEGABYTE),
    'dm_video': (('video/mp4', 'video/quicktime'), 512 * MEGABYTE),
}
PIECE = 5 * MEGABYTE


class Uploads:
    """``looks``: at a film before it is processed. ``fails``: films are found to be broken."""

    mimetype: ClassVar[str] = 'application/octet-stream'

    def __init__(self, state: State) -> None:
        self.state, self.looks, self.fails = state, 2, False

    def begin(self, call: Call) -> Reply:
        category, mimetype = call.text('media_category'), call.text('media_type')
        types, limit = TYPES.get(category, ((), 0))
        size = call.params.get('total_bytes')
        if mimetype not in types or not isinstance(size, int) or size <= 0:
            return problem(400, 'Invalid Request', kind='invalid-request')
        if size > limit:
            return problem(413, 'Payload Too Large')
        media = Media(self.state.new_id(), mimetype, category=category, size=size, ready=False)
        self.state.media[media.id] = media
        return Reply(200, {'data': self._shown(media)})

    def append(self, number: str, call: Call) -> Reply:
        media, piece = self.state.media.get(number), call.files.get('media')
        if media is None or media.ready or piece is None or len(piece.content) > PIECE:
            return problem(400, 'Invalid Request', kind='invalid-request')
        if call.text('segment_index') != str(len(media.content) // (4 * MEGABYTE)):
            return problem(400, 'Invalid Request', kind='invalid-request')  # pieces in their order
        media.content += piece.content
        return Reply(204, b'')

    def finish(self, number: str) -> Reply:
        media = self.state.media.get(number)
        if media is None or len(media.content) != media.size:
            return problem(400, 'Invalid Request', kind='invalid-request')
        media.ready = True
        if media.category == 'dm_video':
            media.state, media.looks = 'pending', self.looks
        return Reply(200, {'data': self._shown(media)})

    def status(self, call: Call) -> Reply:
        media = self.state.media.get(call.text('media_id'))
        if call.text('command') != 'STATUS' or media is None:
            return problem(400, 'Invalid Request', kind='invalid-request')
        media.looks -= 1
        if media.state in ('pending', 'in_progress'):
            done = 'failed' if self.fails else 'succeeded'
            media.state = done if media.looks <= 0 else 'in_progress'
        return Reply(200, {'data': self._shown(media)})

    def _shown(self, media: Media) -> Item:
        shown: Item = {'id': media.id, 'media_key': media.key, 'expires_after_secs': 86_399}
        if media.ready and media.category == 'dm_video':
            info: Item = {'state': media.state}
            if media.state in ('pending', 'in_progress'):
                info['check_after_secs'] = 1
            if media.state == 'failed':
                info['error'] = {'code': 1, 'name': 'InvalidMedia', 'message': 'Unsupported video format'}
            shown['processing_info'] = info
        return shown

    # -- those of messages

    def download(self, caller: Caller, message: str, number: str, name: str) -> Reply:
        """``GET /2/dm_conversations/media/…``: OAuth 2 only."""
        if caller.kind != 'user':
            return problem(403, 'Unsupported Authentication', kind='unsupported-authentication')
        if 'dm.read' not in caller.scopes:
            return problem(403, 'Forbidden')
        return self.cdn(f'/dm/{message}/{number}/{name}')

    def cdn(self, path: str) -> Reply:
        for dm in self.state.messages:
            if dm.media and dm.url().endswith(path):
                return Reply(200, dm.media.content, mimetype=dm.media.mimetype)
        return Reply(404, b'')
