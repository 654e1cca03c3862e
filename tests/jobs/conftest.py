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

"""A town on Mastodon, whose past is read by jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from publik_socialmedia.jobs import asking, running
from publik_socialmedia.models import Account, Job
from tests.delivery.desk import MastodonDesk, mastodon


@pytest.fixture
def one(db: None) -> Iterator[MastodonDesk]:
    with mastodon() as desk:
        yield desk


def asked(account: Account, kind: str, days: int = 7, **values: Any) -> Job:
    job = asking.ask(account, kind, timezone.now() - timedelta(days=days), **values)
    assert job is not None
    return job


def done(job: Job, limit: int = 100) -> Job:
    """Run all that is due, as the worker does."""
    for _ in range(limit):
        if not running.run_some():
            break
    job.refresh_from_db()
    return job
