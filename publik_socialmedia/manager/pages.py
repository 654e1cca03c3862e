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

"""What all administrators' pages are made of: their dress, their path, their confirmations, their lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template, select_template
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

FOLDER = 'publik_socialmedia/manager'
# Publik's dress, or a plain one where it is not installed: same blocks
BASES = ('gadjo/base.html', f'{FOLDER}/plain.html')
PER_PAGE = 50

Crumb = tuple[str, str]  # address, words


def show(
    request: HttpRequest,
    template: str,
    values: Mapping[str, Any] | None = None,
    *,
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
) -> HttpResponse:
    """A page of ``templates/publik_socialmedia/manager``. ``crumbs``: what is between the home page and this
    one, this one included."""
    home = (reverse('socialmedia-manage-home'), _('Social media'))
    context = {**(values or {}), 'base': select_template(BASES), 'crumbs': [home, *crumbs]}
    context |= {'LANGUAGE_CODE': get_language()}  # gadjo says it in the page if the brick gives it
    page = get_template(f'{FOLDER}/{template}').render(context, request)
    return HttpResponse(page, status=status)


@dataclass(frozen=True)
class Question:
    """What is asked before something that cannot be undone. ``lines``: what it will do."""

    title: str
    button: str
    cancel: str  # address
    lines: Sequence[str] = ()
    danger: bool = False
    form: Any = None
    hidden: Mapping[str, str] | None = None


def confirm(request: HttpRequest, question: Question, *, crumbs: Sequence[Crumb] = ()) -> HttpResponse:
    """A page that asks; its form posts to the address of the request, with ``confirmed``."""
    last = (request.path, question.title)
    return show(request, 'confirm.html', {'question': question}, crumbs=[*crumbs, last])


def confirmed(request: HttpRequest) -> bool:
    return request.method == 'POST' and 'confirmed' in request.POST


def paginate(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE
) -> Page[Any]:
    """The page that ``?page=`` names; shown by ``manager/pagination.html`` with ``page_query``."""
    return Paginator(rows, per_page).get_page(request.GET.get('page'))


def number(value: str) -> int | None:
    """The number of a row, as an address says it; None if it says none."""
    return int(value) if value.isdecimal() and len(value) < 10 else None


def page_query(request: HttpRequest) -> str:
    """The other parameters of the list, for the links to its other pages."""
    query = request.GET.copy()
    query.pop('page', None)
    return f'{query.urlencode()}&' if query else ''
