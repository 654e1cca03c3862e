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


"""URLs of the pages about personal data, guarded by ``manager.urls``."""

from __future__ import annotations

from typing import Any

from django.urls import path

from publik_socialmedia.privacy import screens

urlpatterns: list[Any] = [
    path('privacy/', screens.privacy, name='socialmedia-manage-privacy'),
    path('privacy/register/', screens.register_sheet, name='socialmedia-manage-register'),
    path('privacy/person/<int:contact>/', screens.person, name='socialmedia-manage-person'),
    path('privacy/person/<int:contact>/export/', screens.export, name='socialmedia-manage-person-export'),
    path('privacy/person/<int:contact>/erase/', screens.erase, name='socialmedia-manage-person-erase'),
    path('privacy/erasures/<str:reference>/', screens.proof, name='socialmedia-manage-erasure'),
]
