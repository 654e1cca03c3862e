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

"""Commands of one site, in a brick that may have several.

Inside a tenant (``tenant_command NAME -d DOMAIN`` or ``--all-tenants``), and where there are no tenants, a
command is done for the site being served. Run outside of the tenants of a brick, it is done for each one
where the channel is on, and what fails at one does not keep it from the others: the exit status is the worst.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from publik_socialmedia import tenants
from publik_socialmedia.app_settings import app_settings


class _Named:
    """A stream, each line of which begins with the name of the site that it is about."""

    def __init__(self, stream: Any, name: str) -> None:
        self._stream, self._name = stream, name

    def write(self, text: str) -> None:
        self._stream.write(''.join(f'{self._name}: {line}' for line in text.splitlines(keepends=True)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class SiteCommand(BaseCommand):
    """``everywhere``: whether it means something without saying of which site."""

    everywhere = True

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not tenants.several():
            return super().execute(*args, **options)
        if tenants.outside():
            self._each(*args, **options)
            return None
        try:
            return super().execute(*args, **options)
        except CommandError:
            raise
        except Exception as error:
            # anything else would stop the round of those who run it for all tenants
            if options.get('traceback'):
                raise
            raise CommandError(tenants.explain(error), returncode=2) from None

    def _each(self, *args: Any, **options: Any) -> None:
        if not self.everywhere:
            raise CommandError(_('This command is for one site: run it by “tenant_command … -d DOMAIN”.'))
        worst = 0
        out, err = self.stdout, self.stderr
        for tenant in tenants.every():
            if not options.get('json'):
                options.update(stdout=_Named(out, tenant.name), stderr=_Named(err, tenant.name))
            try:
                with tenants.serving(tenant):
                    if app_settings.ENABLED:
                        super().execute(*args, **options)
                        options['skip_checks'] = True  # they are those of the brick
            except CommandError as error:
                err.write(f'{tenant.name}: {error}')
                worst = max(worst, error.returncode)
            except Exception as error:
                err.write(f'{tenant.name}: {tenants.explain(error)}')
                worst = max(worst, 2)
        self.stdout, self.stderr = out, err
        if worst:
            raise CommandError(_('not all went well, see above'), returncode=worst)
