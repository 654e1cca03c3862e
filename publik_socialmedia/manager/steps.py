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

"""The steps by which an account is connected, and where it stands among them.

Each step is a page of the account: the same pages serve later to change what was chosen (R40). While the
account has a ``setup``, they show the way, and finishing one leads to the next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from publik_socialmedia import networks
from publik_socialmedia.manager import pages
from publik_socialmedia.models import Account, Setup
from publik_socialmedia.networks.base import Network


def _always(account: Account) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """``slug``: end of its URL name, « socialmedia-manage-… »; ``applies``: whether this account needs it."""

    slug: str
    title: Any
    applies: Callable[[Account], bool] = _always


STEPS = (
    Step('guide', _('How to')),
    Step('credentials', _('Credentials')),
    Step('test', _('Test')),
    Step('webhook', _('Receiving'), lambda account: account.endpoint_id is not None),
    Step('form', _('Form of w.c.s.')),
    Step('import', _('What to import')),
    Step('settings', _('Settings')),
    Step('start', _('Start')),
)


@dataclass(frozen=True)
class Mark:
    """A step as it is shown."""

    slug: str
    title: str
    address: str
    is_done: bool
    is_current: bool


class Frame:
    """The page of one account: what all of them need. ``setup``: None once it is connected."""

    def __init__(self, request: HttpRequest, account: int, slug: str = '') -> None:
        rows = Account.objects.select_related('setup', 'endpoint')
        self.request = request
        self.account = get_object_or_404(rows, pk=account)
        self.setup: Setup | None = getattr(self.account, 'setup', None)
        self.slug = slug
        found = networks.registry().get(self.account.network)
        if found is None:
            raise Http404
        self.network: Network = found

    def address(self, slug: str) -> str:
        return reverse(f'socialmedia-manage-{slug}', args=[self.account.pk])

    @property
    def name(self) -> str:
        """The network's, until the account has one."""
        known = self.account.name or self.account.external_id
        return str(self.account) if known else self.network.label

    @property
    def steps(self) -> list[Step]:
        return [step for step in STEPS if step.applies(self.account)]

    @property
    def marks(self) -> list[Mark]:
        """The way, for an account that is being connected; [] else."""
        if self.setup is None:
            return []
        done = set(self.setup.done)
        return [
            Mark(
                step.slug, str(step.title), self.address(step.slug), step.slug in done, step.slug == self.slug
            )
            for step in self.steps
        ]

    @property
    def next(self) -> str:
        """Address of the first step that is not done."""
        for mark in self.marks:
            if not mark.is_done:
                return mark.address
        return self.address('account')

    def show(self, template: str, *, here: str = '', **values: Any) -> HttpResponse:
        """``here``: what this page is called, if it is no step."""
        crumbs = [(self.address('setup' if self.setup else 'account'), self.name)]
        title = here or next((str(step.title) for step in STEPS if step.slug == self.slug), '')
        if title:
            crumbs.append((self.request.path, title))
        shared = {
            'account': self.account,
            'network': self.network,
            'setup': self.setup,
            'marks': self.marks,
            'step_title': title,
            'back': self.address('setup' if self.setup else 'account'),
        }
        return pages.show(self.request, template, {**shared, **values}, crumbs=crumbs)

    def finish(self, said: str = '') -> HttpResponseRedirect:
        """This step is done: to the next one, or back to the account."""
        if said:
            messages.success(self.request, said)
        if self.setup is None:
            return HttpResponseRedirect(self.address('account'))
        self.mark(self.slug)
        return HttpResponseRedirect(self.next)

    def mark(self, slug: str) -> None:
        assert self.setup is not None
        if slug not in self.setup.done:
            self.setup.done = [*self.setup.done, slug]
        self.setup.save()

    def undo(self, *slugs: str) -> None:
        """What was changed must be seen to again."""
        if self.setup is not None:
            self.setup.done = [slug for slug in self.setup.done if slug not in slugs]
            self.setup.save()

    def remember(self, **facts: Any) -> None:
        if self.setup is not None:
            self.setup.facts = {**self.setup.facts, **facts}
            self.setup.save()

    @property
    def is_open(self) -> bool:
        """Whether all the steps before this one are done."""
        if self.setup is None:
            return True
        slugs = [step.slug for step in self.steps]
        before = slugs[: slugs.index(self.slug)] if self.slug in slugs else slugs
        return set(before) <= set(self.setup.done)


def step(slug: str) -> Callable[[Callable[[Frame], HttpResponse]], Callable[..., HttpResponse]]:
    """A page of that step: its view is given the frame. One whose turn has not come leads to the one whose
    turn it is."""

    def decorate(view: Callable[[Frame], HttpResponse]) -> Callable[..., HttpResponse]:
        @require_http_methods(['GET', 'POST'])
        @functools.wraps(view)
        def page(request: HttpRequest, account: int) -> HttpResponse:
            frame = Frame(request, account, slug)
            return view(frame) if frame.is_open else HttpResponseRedirect(frame.next)

        return page

    return decorate
