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

"""Errors, named by what the caller must do.

    SocialMediaError
    ├── ConfigurationError      stop this account, tell the administrator (dead token, missing right…)
    ├── WebhookRejected         answer its ``status`` (403, 404 or 413) without detail, store nothing
    ├── UnreadablePayload       keep the bytes, answer 200, show them to the administrator
    ├── TemporaryError          put back with back-off, not before ``retry_after``
    │   └── OutcomeUnknown      the request may have been carried out: look before sending again
    └── PermanentError          never again; ``reason`` is shown to the agent

No message of these exceptions holds a citizen's text, a name, a telephone number or a token: they are
logged. ``reason`` is a short machine word, given a French sentence by ``publik_socialmedia.reasons``.
"""

from __future__ import annotations

import traceback


class SocialMediaError(Exception):
    """Base of all our errors.

    ``reason``: machine word of the list of ``publik_socialmedia.reasons``; ``code`` and ``subcode``: those
    of the network or of w.c.s., as text, empty if none; ``http_status``: 0 if no answer was received.
    """

    default_reason = 'error'

    def __init__(
        self,
        reason: str = '',
        *,
        code: str | int = '',
        subcode: str | int = '',
        http_status: int = 0,
        detail: str = '',
    ) -> None:
        self.reason = reason or self.default_reason
        self.code = str(code)
        self.subcode = str(subcode)
        self.http_status = http_status
        self.detail = detail
        super().__init__(reason, code, subcode, http_status, detail)

    def __str__(self) -> str:
        facts = [('HTTP', self.http_status), ('code', self.code), ('subcode', self.subcode)]
        shown = ', '.join(f'{name} {value}' for name, value in facts if value)
        text = f'{self.reason} ({shown})' if shown else self.reason
        return f'{text}: {self.detail}' if self.detail else text


class ConfigurationError(SocialMediaError):
    """A person must change something: token, permission, form, secret, clock."""

    default_reason = 'config'


class WebhookRejected(SocialMediaError):
    """The webhook call is not to be trusted or not for us."""

    default_reason = 'rejected'

    def __init__(self, reason: str = '', *, status: int = 403, detail: str = '') -> None:
        super().__init__(reason, detail=detail)
        self.status = status


class UnreadablePayload(SocialMediaError):
    """The bytes are not what this network sends."""

    default_reason = 'unreadable'


class TemporaryError(SocialMediaError):
    """Nothing was done; it may work later. ``retry_after``: seconds, None if the other side gave none.

    ``scope``: what would be refused too if it were asked for meanwhile: 'account', all that is asked of the
    network for that account; '' this only.
    """

    default_reason = 'temporary'

    def __init__(
        self,
        reason: str = '',
        *,
        retry_after: float | None = None,
        scope: str = '',
        code: str | int = '',
        subcode: str | int = '',
        http_status: int = 0,
        detail: str = '',
    ) -> None:
        super().__init__(reason, code=code, subcode=subcode, http_status=http_status, detail=detail)
        self.retry_after = retry_after
        self.scope = scope


class OutcomeUnknown(TemporaryError):
    """The request left and no answer came back: it may have been carried out, or may still be."""

    default_reason = 'outcome_unknown'


class PermanentError(SocialMediaError):
    """Will never work: window closed, person unreachable, content refused."""

    default_reason = 'permanent'


class Hidden(str):
    """A text that shows in no traceback, debug page or representation of what holds it: an address with a
    token in it. Else it is that text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


def where(error: BaseException) -> str:
    """Class of an unexpected error and the line that raised it, for the logs: never its message, which may
    quote a citizen."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f' at {frames[-1].filename}:{frames[-1].lineno} ({frames[-1].name})' if frames else ''
    return type(error).__name__ + place
