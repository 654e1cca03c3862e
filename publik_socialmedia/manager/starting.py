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

"""The last steps: what to import, the settings, the start (R18, R40, R53)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia import errors
from publik_socialmedia.delivery import sending
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.intake import past
from publik_socialmedia.manager import journal
from publik_socialmedia.manager.options import DaysForm, SettingsForm
from publik_socialmedia.manager.steps import Frame, step
from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks.base import Problem
from publik_socialmedia.privacy.forms import RetentionForm
from publik_socialmedia.reasons import sentence


@step('import')
def choose_import(frame: Frame) -> HttpResponse:
    """POST: « now » (from now on), « count » (who waits since N days), « past » (import those)."""
    if frame.setup is None:
        return HttpResponseRedirect(frame.address('repair'))
    if 'now' in frame.request.POST or ('past' in frame.request.POST and not frame.setup.facts.get('found')):
        frame.remember(days=0, found=None)
        return frame.finish()
    if 'past' in frame.request.POST:
        return frame.finish()
    form = DaysForm(frame.request.POST or None, initial={'days': 7})
    problems: list[Problem] = []
    found = None
    if frame.request.method == 'POST' and form.is_valid():
        days = form.cleaned_data['days']
        try:
            seen = past.look(frame.account, timezone.now() - timedelta(days=days))
        except errors.SocialMediaError as error:
            problems = [Problem(error.reason, sentence(error.reason))]
        else:
            texts = sum(len(events) for events in seen.waiting.values())
            found = {'threads': len(seen.waiting), 'messages': texts, 'whole': seen.whole, 'days': days}
            frame.remember(days=days, found=len(seen.waiting))
    return frame.show('import.html', form=form, found=found, problems=problems)


@step('settings')
def settings(frame: Frame) -> HttpResponse:
    account = frame.account
    given = frame.request.POST if frame.request.method == 'POST' else None
    form, retention = SettingsForm(account, given), RetentionForm(account, given)
    if given is not None and form.is_valid() and retention.is_valid():
        changed = form.apply() + retention.changed_data
        retention.save()
        if changed:
            journal.record(frame.request, 'settings', account, changed=changed)
        return frame.finish('' if frame.setup else _('The settings are kept.'))
    return frame.show('settings.html', form=form, retention=retention)


@step('start')
def start(frame: Frame) -> HttpResponse:
    """The summary; POST: from then on messages become demands and answers leave."""
    setup = frame.setup
    if setup is None:
        return HttpResponseRedirect(frame.address('account'))
    days = int(setup.facts.get('days') or 0)
    if frame.request.method == 'POST':
        _start(frame)
        if days:
            _import(frame, days)
        wake()
        return HttpResponseRedirect(frame.address('account'))
    return frame.show('start.html', days=days, found=setup.facts.get('found'))


def _start(frame: Frame) -> None:
    account, setup = frame.account, frame.setup
    assert setup is not None
    polled = frame.network.capabilities.polling
    with transaction.atomic():
        account.poll_due_at = timezone.now() if polled else None
        account.save(update_fields=['poll_due_at'])
        _name(account)
        setup.delete()
        journal.record(frame.request, 'connect', account, form=account.form)
    sending.resume(account)
    journal.sign(frame.request, account, 'resume')
    said = _('« %s » is connected: what is written to it becomes demands in w.c.s.')
    messages.success(frame.request, said % account)


def _name(account: Account) -> None:
    """Name the application by its first account, so that it is known again for the next one."""
    if account.endpoint is not None and account.endpoint.accounts.count() == 1:
        label = _('Application of %s') % account
        Endpoint.objects.filter(pk=account.endpoint.pk).update(label=label[:250])


def _import(frame: Frame, days: int) -> None:
    try:
        found = past.look(frame.account, timezone.now() - timedelta(days=days))
    except errors.SocialMediaError as error:
        said = _('What was written before could not be read: %s You can try again from this page.')
        messages.error(frame.request, said % sentence(error.reason))
        return
    count = past.take(frame.account, found)
    journal.record(frame.request, 'repair', frame.account, days=days, threads=count)
    said = ngettext('%s unanswered thread is imported.', '%s unanswered threads are imported.', count) % count
    messages.success(frame.request, said)
    if not found.whole:
        messages.warning(frame.request, _('There was more to read: go on with « Repair a gap ».'))
