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

from publik_socialmedia.delivery import sending
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.jobs import asking
from publik_socialmedia.manager import jobs, journal
from publik_socialmedia.manager.options import DaysForm, SettingsForm
from publik_socialmedia.manager.steps import Frame, step
from publik_socialmedia.models import Account, Endpoint, Job
from publik_socialmedia.privacy.forms import RetentionForm


@step('import')
def choose_import(frame: Frame) -> HttpResponse:
    """POST: « now » (from now on), « count » (who waits since N days), « past » (import those)."""
    if frame.setup is None:
        return HttpResponseRedirect(frame.address('repair'))
    given, found = frame.request.POST, jobs.counted(frame)
    waiting = found.progress.get('waiting') if found else None
    if 'past' in given and waiting and found is not None and found.since:
        frame.remember(days=(found.created_at - found.since).days, found=waiting)
        return frame.finish()
    if 'now' in given or 'past' in given:
        asking.stop(frame.account)
        frame.remember(days=0, found=None)
        return frame.finish()
    form = DaysForm(given if 'count' in given else None, initial={'days': 7})
    if 'count' in given and form.is_valid():
        jobs.ask(frame, Job.Kind.COUNT, timezone.now() - timedelta(days=form.cleaned_data['days']))
        return HttpResponseRedirect(frame.address('import'))
    return frame.show(
        'import.html', form=form, found=found.progress if found else None, **jobs.of_page(frame)
    )


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
            _import(frame)
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


def _import(frame: Frame) -> None:
    """What was counted is imported by the worker; its page says how far it is."""
    found = jobs.counted(frame)
    if found is not None and found.since:
        jobs.ask(frame, Job.Kind.IMPORT, found.since, threads=found.threads)
