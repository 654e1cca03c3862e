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

"""URLs of the pages that show what happens, guarded by ``manager.urls``: queue, conversations, statistics."""

from __future__ import annotations

from typing import Any

from django.urls import path

from publik_socialmedia.manager import conversations, history, portal, queue, replaying, statistics

urlpatterns: list[Any] = [
    path('queue/', queue.queue, name='socialmedia-manage-queue'),
    path('queue/replay/', replaying.replay, name='socialmedia-manage-replay'),
    path('queue/body/<int:pk>/', queue.body, name='socialmedia-manage-body'),
    path('conversations/', conversations.conversations, name='socialmedia-manage-conversations'),
    path('conversations/<int:pk>/', conversations.conversation, name='socialmedia-manage-conversation'),
    path('conversations/<int:pk>/block/', conversations.block, name='socialmedia-manage-block'),
    path('journal/', history.history, name='socialmedia-manage-history'),
    path('portal/', portal.portal, name='socialmedia-manage-portal'),
    path('statistics/', statistics.statistics, name='socialmedia-manage-statistics'),
    path('statistics/csv/', statistics.statistics_csv, name='socialmedia-manage-statistics-csv'),
]
