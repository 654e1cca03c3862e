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

"""Pieces that the models share."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

import django
from django.db import models

ID_LENGTH = 512  # the longest id seen, a wamid, has some 200 characters

# Django 5.1 renamed the argument and 6.0 forgets the old name
_CONDITION = 'condition' if django.VERSION >= (5, 1) else 'check'


def check(name: str, condition: models.Q) -> models.CheckConstraint:
    """A CheckConstraint for each supported Django."""
    options: dict[str, Any] = {_CONDITION: condition}
    return models.CheckConstraint(name=name, **options)


def new_token() -> str:
    """Unguessable part of a webhook address: 192 bits."""
    return secrets.token_urlsafe(24)


def new_key() -> str:
    return uuid.uuid4().hex
