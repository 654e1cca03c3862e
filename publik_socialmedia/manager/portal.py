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

"""The page « agents' portal »: what to copy so that the other bricks show what waits and our statistics."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publik_socialmedia import addresses, errors, summary
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.manager import pages


@require_GET
def portal(request: HttpRequest) -> HttpResponse:
    names = ('socialmedia-summary', 'socialmedia-statistics', 'socialmedia-metrics')
    summary_address, statistics, metrics = map(_address, names)
    values = {
        'figures': summary.figures(),
        'key': summary.key(),
        'summary': f'{summary_address}?{urlencode({"key": summary.key()})}',
        'statistics': statistics,
        'metrics': metrics if app_settings.METRICS_TOKEN else '',
    }
    crumb = (reverse('socialmedia-manage-portal'), _('Agents’ portal'))
    return pages.show(request, 'agents_portal.html', values, crumbs=[crumb])


def _address(name: str) -> str:
    try:
        return addresses.absolute(name)
    except errors.ConfigurationError:
        return reverse(name)
