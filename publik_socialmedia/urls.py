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

"""URLs of the plugin, mounted at the root of the brick: ``socialmedia/…`` and ``api/socialmedia/…``."""

from __future__ import annotations

from typing import Any

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from publik_socialmedia import summary
from publik_socialmedia.delivery.publishing import published_file
from publik_socialmedia.intake import withdrawals
from publik_socialmedia.intake.webhooks import webhook
from publik_socialmedia.manager.urls import urlpatterns as manager_patterns
from publik_socialmedia.monitoring import metrics
from publik_socialmedia.privacy import callbacks
from publik_socialmedia.statistics import api
from publik_socialmedia.wcs import choices, linking_page, panel, panel_files, replies


class TokenConverter(StringConverter):
    """A part of an address by which something is looked for in the database, which takes no NUL."""

    regex = '[^/\0]+'


register_converter(TokenConverter, 'socialmedia-token')

urlpatterns: list[Any] = [
    path(
        'api/socialmedia/webhook/<slug:network>/<socialmedia-token:token>/',
        webhook,
        name='socialmedia-webhook',
    ),
    path(
        'api/socialmedia/erasure/<slug:network>/<socialmedia-token:token>/',
        callbacks.erasure_callback,
        name='socialmedia-erasure',
    ),
    path(
        'api/socialmedia/withdrawal/<slug:network>/<socialmedia-token:token>/',
        withdrawals.withdrawal_callback,
        name='socialmedia-withdrawal',
    ),
    path('api/socialmedia/files/<str:token>/<str:filename>', published_file, name='socialmedia-file'),
    # the services that the workflow of w.c.s. calls, each under the address of its demand
    path('api/socialmedia/wcs/<socialmedia-token:token>/answer/', replies.answer, name='socialmedia-answer'),
    path('api/socialmedia/wcs/<socialmedia-token:token>/retry/', replies.retry, name='socialmedia-retry'),
    path(
        'api/socialmedia/wcs/<socialmedia-token:token>/services/',
        choices.services_list,
        name='socialmedia-services',
    ),
    path(
        'api/socialmedia/wcs/<socialmedia-token:token>/forms/', choices.forms_list, name='socialmedia-forms'
    ),
    path(
        'api/socialmedia/wcs/<socialmedia-token:token>/convert/',
        choices.conversion,
        name='socialmedia-convert',
    ),
    path(
        'api/socialmedia/wcs/<socialmedia-token:token>/attach/', choices.attachment, name='socialmedia-attach'
    ),
    # agents' pages
    path('api/socialmedia/wcs/<socialmedia-token:token>/panel/', panel.panel, name='socialmedia-panel'),
    path(
        'api/socialmedia/wcs/<socialmedia-token:token>/panel/file/<int:attachment>/',
        panel_files.panel_file,
        name='socialmedia-panel-file',
    ),
    # for the programs that watch and count
    path('api/socialmedia/summary/', summary.summary, name='socialmedia-summary'),
    path('api/socialmedia/metrics/', metrics.metrics, name='socialmedia-metrics'),
    path('api/socialmedia/statistics/', api.index, name='socialmedia-statistics'),
    path('api/socialmedia/statistics/<slug:slug>/', api.series, name='socialmedia-statistics-series'),
    # administrators' pages
    *manager_patterns,
    # pages of the portal, for citizens
    path(
        'socialmedia/effacement/<socialmedia-token:reference>/',
        callbacks.erasure_status,
        name='socialmedia-erasure-status',
    ),
    path('socialmedia/relier/<socialmedia-token:token>/', linking_page.link_page, name='socialmedia-link'),
]
