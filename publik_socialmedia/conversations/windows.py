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

"""Until when an answer can be sent (R32): counted from the reception of the citizen's last message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account, Conversation
from publik_socialmedia.networks.base import Capabilities


@dataclass(frozen=True, slots=True)
class Window:
    """``ends_at``: for any answer; ``human_ends_at``: for a person's; None = no limit.

    ``begun``: False if the citizen never wrote, so that nothing can be sent where there is a window.
    """

    ends_at: datetime | None
    human_ends_at: datetime | None
    limited: bool
    begun: bool = True

    def allows(self, now: datetime, *, human: bool) -> bool:
        if not self.limited:
            return True
        end = self.human_ends_at if human else self.ends_at
        return self.begun and end is not None and now < end


def window(account: Account, conversation: Conversation, capabilities: Capabilities) -> Window:
    """The answer window of a conversation; the human one only where the network granted it to the account."""
    if capabilities.answer_window is None:
        return Window(None, None, limited=False)
    begun = conversation.last_inbound_at
    if begun is None:
        return Window(None, None, limited=True, begun=False)
    ends_at = begun + capabilities.answer_window
    granted = capabilities.human_window and account.facts.get('human_agent')
    human_ends_at = begun + capabilities.human_window if granted and capabilities.human_window else ends_at
    return Window(ends_at, human_ends_at, limited=True)


def warning(ends_at: datetime) -> datetime:
    """When to warn that the time to answer ends."""
    return ends_at - timedelta(seconds=app_settings.WINDOW_WARNING)
