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

"""The Django application. Combo and other bricks of Publik load it as a plugin."""

from __future__ import annotations

import io
import logging
from typing import Any

from django.apps import AppConfig as DjangoAppConfig
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


class AppConfig(DjangoAppConfig):
    name = 'publik_socialmedia'
    verbose_name = _('Social media messages')
    default_auto_field = 'django.db.models.BigAutoField'

    def ready(self) -> None:
        from . import checks  # noqa: F401

    def get_before_urls(self) -> list[Any]:
        """URL patterns that the brick mounts at its root, before its own pages."""
        from . import urls

        return urls.urlpatterns

    def hourly(self) -> None:
        """For Combo's own cron, in a tenant: what no worker does, if none runs. Short, for others wait."""
        self._run('socialmedia_worker', once=True, seconds=30)

    def daily(self) -> None:
        """The same. Beside the cron lines it finds nothing left to do."""
        self._run('socialmedia_purge', seconds=300)

    def _run(self, command: str, **options: Any) -> None:
        """What fails here must not keep Combo from what is its own."""
        from django.core.management import call_command

        from . import tenants
        from .app_settings import app_settings

        try:
            if app_settings.ENABLED:
                # what is said on the output of a cron is sent by mail
                call_command(command, verbosity=0, stdout=io.StringIO(), **options)
        except Exception as error:
            logger.error('%s: %s', command, tenants.explain(error))

    def get_extra_manager_actions(self) -> list[dict[str, Any]]:
        """Links that Combo adds to the menu of its own administrators' pages."""
        from django.urls import reverse

        from .app_settings import app_settings

        if not app_settings.ENABLED:
            return []
        return [{'href': reverse('socialmedia-manage-home'), 'text': _('Social media')}]
