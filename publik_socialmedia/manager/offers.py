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

"""Credentials offered for an account, by whoever typed them or by its network, before they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from publik_socialmedia import networks
from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import Credential

VALID_AT_ONCE = 2  # values of a secret while it is changed


@dataclass(frozen=True)
class Offer:
    """``own``: all the credentials of the account. ``shared``: what was typed of its application, by name;
    '' leaves a secret as it is. ``endpoint``: the webhook of other accounts that was chosen, if one was."""

    own: Mapping[str, str] = field(repr=False)
    shared: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: int | None = None

    def secrets(self, account: Account) -> dict[str, list[str]]:
        """Those of the application, once this is kept. What other accounts use is completed, not changed."""
        endpoint = self._endpoint(account)
        known = endpoint.secrets if endpoint else {}
        network, chosen = networks.get(account.network), self.endpoint is not None
        typed = {
            item: self.shared[item.name]
            for item in network.credentials
            if item.name in self.shared
            and not (chosen and (known.get(item.name) or not self.shared[item.name]))
        }
        return merged(known, typed)

    def _endpoint(self, account: Account) -> Endpoint | None:
        return account.endpoint if self.endpoint is None else Endpoint.objects.get(pk=self.endpoint)

    def view(self, account: Account) -> base.Account:
        """What the network may know of the account, if this were kept."""
        newest = {name: values[0] for name, values in self.secrets(account).items() if values}
        return replace(account.view(), credentials={**newest, **self.own})

    def completed(self, obtained: Mapping[str, str]) -> Offer:
        """The same with what the network gave; '' forgets one."""
        whole = {**self.own, **obtained}
        return replace(self, own={name: value for name, value in whole.items() if value})

    def keep_endpoint(self, account: Account) -> None:
        """Keep what is of the application; a new endpoint if there was none. The account is not saved."""
        secrets, endpoint = self.secrets(account), self._endpoint(account)
        if endpoint is None:
            if not secrets:
                return
            network = networks.get(account.network)
            endpoint = Endpoint(network=network.slug, label=_('Application of %s') % network.label)
        if endpoint.pk is None or endpoint.secrets != secrets:
            endpoint.secrets = secrets
            endpoint.save()
        account.endpoint = endpoint

    def keep(self, account: Account) -> None:
        """Keep it untried: nobody uses that account yet."""
        self.keep_endpoint(account)
        account.credentials = dict(self.own)
        account.save(update_fields=['credentials', 'endpoint'])


def merged(secrets: Mapping[str, Any], typed: Mapping[Credential, str]) -> dict[str, list[str]]:
    """The secrets of an endpoint with these: the newest first, the former one kept where it is changed on
    both sides at different times (R1)."""
    found = {name: list(values) for name, values in secrets.items()}
    for item, value in typed.items():
        if not value:
            if not item.secret and not item.required:
                found.pop(item.name, None)
            continue
        former = [old for old in found.get(item.name, []) if old != value]
        found[item.name] = [value, *former][: VALID_AT_ONCE if item.rotates else 1]
    return found
