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

"""Files that come and go: fetching those of citizens, uploading ours.

https://docs.x.com/x-api/direct-messages/download-dm-media and
https://docs.x.com/x-api/media/quickstart/media-upload-chunked (November 2026).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Attachment, Fetch, Http, OutgoingFile
from publik_socialmedia.networks.media_urls import as_served, is_media_url
from publik_socialmedia.networks.reading import dicts, ident, integer, mapping, string

from .api import Api
from .contents import page_attachments

HOSTS = ('pbs.twimg.com', 'video.twimg.com', 'ton.twitter.com')
PRIVATE = 'ton.twitter.com'  # wants to know who asks
# …/dm/<message>/<media>/<file>, as the API names them too
_PATH = re.compile(r'/dm/(\d{1,19})/(\d{1,19})/([\w.-]{1,50})(?::\w+)?')

MEGABYTE = 1024 * 1024
# what is sent: category of the upload and limit; X takes no documents
CATEGORIES: Mapping[str, str] = {
    'image/jpeg': 'dm_image',
    'image/png': 'dm_image',
    'image/webp': 'dm_image',
    'image/gif': 'dm_gif',
    'video/mp4': 'dm_video',
    'video/quicktime': 'dm_video',
}
LIMITS = {'dm_image': 5 * MEGABYTE, 'dm_gif': 15 * MEGABYTE, 'dm_video': 512 * MEGABYTE}
CHUNK = 4 * MEGABYTE  # of at most 5
UPLOAD = '/2/media/upload'
LOOKS, LONGEST_LOOK = 8, 5.0  # at a film being processed; seconds between two

pause = time.sleep


# -- files of citizens


def fetch(account: Account, attachment: Attachment, http: Http) -> Fetch:
    """Where the file is, and how to prove that we may have it.

    With OAuth 2 a private file is given by the API; with OAuth 1.0a by its own address, to a signed call.
    Other addresses are public to who knows them: nothing of ours is told there.
    """
    api = Api(account, http)
    url = attachment.url or _asked_again(api, attachment)
    if not is_media_url(url, HOSTS):
        raise errors.PermanentError('forbidden_url')
    parts = urlsplit(url)
    host = parts.hostname or ''
    named = _PATH.search(parts.path)
    if named and not api.proof.signs:
        url = api.base + '/2/dm_conversations/media/' + '/'.join(named.groups())
        return _fetch(api, url, {'Authorization': api.proof.header('GET', url)})
    url = as_served(account, url)
    signed = {'Authorization': api.proof.header('GET', url)} if api.proof.signs and host == PRIVATE else {}
    return _fetch(api, url, signed)


def _fetch(api: Api, url: str, headers: Mapping[str, str]) -> Fetch:
    return Fetch(url, headers, hosts=(urlsplit(api.base).hostname or '', *HOSTS))


def _asked_again(api: Api, attachment: Attachment) -> str:
    """Its address, when the page that told of the message left it out."""
    message = ident(attachment.details.get('message'))
    if not message.isdigit():
        raise errors.PermanentError('no_url')
    params = (
        ('dm_event.fields', 'id,attachments'),
        ('expansions', 'attachments.media_keys'),
        ('media.fields', 'media_key,url,type,variants'),
    )
    answer = api.call('GET', f'/2/dm_events/{message}', params)
    error = api.meaning(answer)
    if isinstance(error, errors.PermanentError):
        raise errors.PermanentError('media_gone', http_status=answer.status)
    if error is not None:
        raise error
    body = api.paid(answer)
    event = next(iter(dicts(body.get('data'))), {})
    for found in page_attachments(event, mapping(body.get('includes'))):
        if found.url and found.reference == attachment.reference:
            return found.url
    raise errors.TemporaryError('not_cached')


# -- our files


def upload(api: Api, file: OutgoingFile) -> str:
    """Id of the uploaded media, which serves for 24 hours.

    Nothing is visible before it is sent: it may always be tried again.
    """
    size, category = len(file.content), CATEGORIES.get(file.mimetype)
    if category is None:
        raise errors.PermanentError('file_type', detail=file.mimetype)
    begun = {'media_type': file.mimetype, 'media_category': category, 'total_bytes': size}
    media = ident(_step(api, '/initialize', json=begun).get('id'))
    if not media.isdigit():
        raise errors.TemporaryError('temporary', detail='no id of media')
    for rank, start in enumerate(range(0, size, CHUNK)):
        piece = (file.filename, file.content[start : start + CHUNK], 'application/octet-stream')
        _step(api, f'/{media}/append', data={'segment_index': str(rank)}, files={'media': piece})
    _await(api, media, _step(api, f'/{media}/finalize'))
    return media


def _step(api: Api, path: str, **more: JSON) -> Mapping[str, JSON]:
    """``data`` of the answer to a step of the upload; an append has none."""
    try:
        answer = api.call('POST', UPLOAD + path, **more)
    except errors.OutcomeUnknown as error:
        raise errors.TemporaryError('temporary', code=error.code) from error
    return _accepted(api, answer)


def _accepted(api: Api, answer: Answer) -> Mapping[str, JSON]:
    error = api.meaning(answer)
    if isinstance(error, errors.PermanentError):
        reason = 'file_too_big' if error.reason == 'file_too_big' else 'file_type'
        raise errors.PermanentError(reason, code=error.code, http_status=error.http_status)
    if error is not None:
        raise error
    if not answer.body:
        return {}
    try:
        return mapping(mapping(answer.json()).get('data'))
    except (ValueError, RecursionError):
        raise errors.TemporaryError('temporary', http_status=answer.status) from None


def _await(api: Api, media: str, told: Mapping[str, JSON]) -> None:
    """Wait for a film to be processed. A picture is ready at once: nothing is told of it."""
    for _ in range(LOOKS):
        info = mapping(told.get('processing_info'))
        state = string(info.get('state'))
        if state in ('', 'succeeded'):
            return
        if state == 'failed':
            raise errors.PermanentError('file_type', code=string(mapping(info.get('error')).get('name'))[:64])
        pause(min(float(integer(info.get('check_after_secs')) or 1), LONGEST_LOOK))
        told = _accepted(api, api.call('GET', UPLOAD, (('command', 'STATUS'), ('media_id', media))))
    raise errors.TemporaryError('temporary', retry_after=60, detail='media being processed')
