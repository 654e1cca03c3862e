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

"""The credentials of an account: typed once, never shown again, tried before they replace any (R1, R40)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from publik_socialmedia.manager.fields import AccessibleForm, credential_fields, of_scope
from publik_socialmedia.manager.offers import Offer
from publik_socialmedia.models import Account, Endpoint
from publik_socialmedia.networks.base import Credential, Network

NEW = 'new'
AUTHORIZE = 'authorize'  # name of the button that leads to the network


class CredentialsForm(AccessibleForm):
    """What the network declares, in two groups: of the application (shared by the accounts of one webhook),
    and of the account. Nothing typed: what is there stays."""

    def __init__(self, network: Network, account: Account, *args: Any, **kwargs: Any) -> None:
        self.network, self.account = network, account
        super().__init__(*args, **kwargs)
        self.shared = of_scope(network, 'endpoint')
        self.own = of_scope(network, 'account')
        secrets = {}
        if account.endpoint is not None:
            secrets = {name: values[0] for name, values in account.endpoint.secrets.items() if values}
        if self.shared and account.endpoint is None:
            self._offer_endpoints()
        self.fields |= credential_fields(
            self.shared, kept=secrets, all_optional=network.capabilities.polling or 'endpoint' in self.fields
        )
        for given in (False, True):  # what the network gives comes last, and need not be typed
            items = [item for item in self.own if self._is_given(item) == given]
            self.fields |= credential_fields(items, kept=account.credentials, all_optional=given)
        for credential in self._erasable():
            label = _('Forget « %s »') % _(credential.label)
            self.fields[f'forget-{credential.name}'] = forms.BooleanField(label=label, required=False)

    def _offer_endpoints(self) -> None:
        known = Endpoint.objects.filter(network=self.network.slug, accounts__setup=None).distinct()
        choices = [(str(found.pk), str(found)) for found in known if found.secrets]
        if choices:
            self.fields['endpoint'] = forms.ChoiceField(
                label=_('Application'),
                help_text=_('Accounts of one application share its webhook and its secrets.'),
                choices=[*choices, (NEW, _('another application'))],
                widget=forms.RadioSelect,
                initial=choices[0][0],
            )

    def _erasable(self) -> list[Credential]:
        """Secrets that are there and need not be: an empty field leaves them."""
        given = self.account.credentials
        return [item for item in self.own if item.secret and not item.required and given.get(item.name)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self._require_obtained(cleaned)
        if self.shares_endpoint or not self.shared:
            return cleaned
        kept = self.account.endpoint.secrets if self.account.endpoint else {}
        typed = [item for item in self.shared if cleaned.get(item.name)]
        if not typed and not kept and self.network.capabilities.polling:
            return cleaned  # without webhook
        for item in self.shared:
            wanted = item.required and not cleaned.get(item.name) and not kept.get(item.name)
            if wanted and item.name not in self.errors:
                self.add_error(item.name, _('This answer is needed.'))
        return cleaned

    # -- what the network gives by a redirection

    def _is_given(self, item: Credential) -> bool:
        return self.network.capabilities.authorizes and item.obtained

    @property
    def is_authorizing(self) -> bool:
        """Whether what lacks is to be asked of the network."""
        return self.network.capabilities.authorizes and AUTHORIZE in self.data

    def _require_obtained(self, cleaned: dict[str, Any]) -> None:
        """It need not be typed by who goes there."""
        for item in self.own:
            has = cleaned.get(item.name) or self.account.credentials.get(item.name)
            if self._is_given(item) and item.required and not has and not self.is_authorizing:
                self.add_error(item.name, _('Sign in to the network with the button above, or fill this in.'))

    @property
    def obtained(self) -> list[BoundField]:
        names = {item.name for item in self.own if self._is_given(item)}
        return [field for field in self if field.name.removeprefix('forget-') in names]

    @property
    def others(self) -> list[BoundField]:
        names = {field.name for field in self.obtained}
        return [field for field in self if field.name not in names]

    @property
    def shares_endpoint(self) -> bool:
        """Whether the webhook of other accounts was chosen."""
        return str(getattr(self, 'cleaned_data', {}).get('endpoint', NEW)) != NEW

    # -- what was typed

    def offer(self) -> Offer:
        """What was typed, with what stays."""
        chosen = int(self.cleaned_data['endpoint']) if self.shares_endpoint else None
        return Offer(self._own(), {item.name: self._typed(item) for item in self.shared}, chosen)

    def _typed(self, item: Credential) -> str:
        return str(self.cleaned_data.get(item.name) or '').strip()

    def _own(self) -> dict[str, str]:
        """Those of the account, with what was typed. What was kept of a session is of the former ones."""
        kept = {item.name: str(self.account.credentials.get(item.name) or '') for item in self.own}
        found = {}
        for item in self.own:
            forgotten = self.cleaned_data.get(f'forget-{item.name}')
            value = self._typed(item) or ('' if forgotten or not item.secret else kept[item.name])
            if value:
                found[item.name] = value
        if found == {name: value for name, value in kept.items() if value}:
            return dict(self.account.credentials)
        return found
