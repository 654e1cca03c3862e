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

"""URLs of the administrators' pages, under ``socialmedia/manage/``: all of them for staff only."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from publik_socialmedia.manager import (
    accounts,
    authorization,
    choosing,
    connecting,
    home,
    jobs,
    leaving,
    receiving,
    starting,
)
from publik_socialmedia.manager.access import guard

_ROOT = 'socialmedia/manage/'
_ACCOUNT = f'{_ROOT}account/<int:account>/'


def _of_account(end: str, view: Any, name: str) -> Any:
    return path(f'{_ACCOUNT}{end}', view, name=f'socialmedia-manage-{name}')


_STAFF: list[Any] = [
    path(_ROOT, home.home, name='socialmedia-manage-home'),
    path(f'{_ROOT}new/', connecting.new, name='socialmedia-manage-new'),
    path(_ROOT, include('publik_socialmedia.manager.oversight_urls')),
    path(_ROOT, include('publik_socialmedia.privacy.urls')),
    path(
        f'{_ROOT}authorization/<slug:network>/',
        authorization.returned,
        name='socialmedia-manage-authorization',
    ),
    # steps: while an account is being connected, then to change what was chosen
    _of_account('guide/', connecting.show_guide, 'guide'),
    _of_account('credentials/', connecting.credentials, 'credentials'),
    _of_account('test/', connecting.test, 'test'),
    _of_account('webhook/', receiving.webhook, 'webhook'),
    _of_account('form/', choosing.form, 'form'),
    _of_account('import/', starting.choose_import, 'import'),
    _of_account('settings/', starting.settings, 'settings'),
    _of_account('start/', starting.start, 'start'),
    _of_account('setup/', connecting.resume_setup, 'setup'),
    _of_account('merge/', connecting.merge, 'merge'),
    _of_account('abandon/', connecting.abandon, 'abandon'),
    _of_account('webhook/status/', receiving.webhook_status, 'webhook-status'),
    # the account
    _of_account('', accounts.account, 'account'),
    _of_account('journal/', accounts.history, 'journal'),
    _of_account('pause/', accounts.pause, 'pause'),
    _of_account('resume/', accounts.resume, 'resume'),
    _of_account('poll/', accounts.poll, 'poll'),
    _of_account('repair/', accounts.repair, 'repair'),
    _of_account('job/', jobs.status, 'job'),
    _of_account('job/stop/', jobs.stop, 'job-stop'),
    _of_account('export/', leaving.export, 'export'),
    _of_account('remove/', leaving.remove, 'remove'),
]

urlpatterns: list[Any] = guard(_STAFF)
