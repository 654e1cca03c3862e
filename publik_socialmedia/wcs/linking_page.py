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

"""The page of the portal on which a citizen confirms that a conversation is theirs, or undoes it."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from publik_socialmedia import portal
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Contact
from publik_socialmedia.wcs import linking, wording
from publik_socialmedia.wcs.linking import Standing

MARK = 'data-socialmedia-link'
STATUS = {Standing.TAKEN: 403, Standing.OVER: 410}


@csrf_protect
@require_http_methods(['GET', 'POST'])
def link_page(request: HttpRequest, token: str) -> HttpResponse:
    """POST: ``action`` is 'link' or 'unlink'. Anonymous people log in first, then come back."""
    contact = linking.contact_of(token) if app_settings.ENABLED else None
    if contact is None:
        raise Http404
    if not request.user.is_authenticated:
        return portal.closed(redirect_to_login(request.get_full_path()))
    name_id = linking.name_id_of(request.user)
    if not name_id:
        return _page(request, contact, 'stranger', 403)
    if request.method != 'POST':
        found = linking.standing(token, contact, name_id)
        return _page(request, contact, found.value, STATUS.get(found, 200))
    if request.POST.get('action') == 'unlink':
        done = linking.unlink(contact, name_id)
        return _page(request, contact, 'undone' if done else 'over', 200 if done else 403)
    found = linking.link(token, contact, name_id)
    if found is Standing.MINE:  # shown by a GET: the page can be loaded again
        return portal.closed(HttpResponseRedirect(request.path))
    return _page(request, contact, found.value, STATUS[found])


def _page(request: HttpRequest, contact: Contact, standing: str, status: int) -> HttpResponse:
    known = standing in ('offered', 'mine', 'undone')  # to others, nothing of whose it is
    values = {
        'standing': standing,
        'network': wording.network_label(contact.account),
        'account': str(contact.account),
        'person': linking.masked(contact) if known else '',
        'since': contact.conversation.created_at if known else None,
    }
    return portal.page(request, 'publik_socialmedia/link.html', MARK, values, status=status)
