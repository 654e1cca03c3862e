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

"""Encrypt the stored secrets and messages again with the first of the keys."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.fields import encrypted_fields, rotate
from publik_socialmedia.management.site_command import SiteCommand


class Command(SiteCommand):
    help = (
        'After a new key was put at the head of PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS, encrypts with it what '
        'older keys had encrypted. May be stopped and started again. Once it has ended, the older keys can '
        'be removed.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument('--batch', type=int, default=200, help='rows changed at a time (default: 200)')

    def handle(self, *args: Any, **options: Any) -> None:
        for model, field in encrypted_fields():
            name = f'{model._meta.label}.{field.name}'
            total = 0
            try:
                for changed in rotate(model, field, batch=options['batch']):
                    total += changed
                    if options['verbosity'] > 1:
                        self.stdout.write(f'{name}: {total}…')
            except ConfigurationError as error:
                raise CommandError(f'{name}: {error}') from None
            self.stdout.write(f'{name}: {total} encrypted again')
