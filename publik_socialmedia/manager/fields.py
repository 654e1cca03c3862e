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

"""Forms as everybody can fill them, and the fields that a network's declared credentials make (R40, R44)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from publik_socialmedia.networks.base import Credential, Network

LONGEST = 4096  # characters of a credential


class AccessibleForm(forms.Form):
    """Each field is tied to its hint and its errors; shown by ``manager/fields.html``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault('label_suffix', '')
        super().__init__(*args, **kwargs)

    def full_clean(self) -> None:
        super().full_clean()
        self.describe()

    def describe(self) -> None:
        """Say to who hears the screen what is wanted and what is wrong."""
        for bound in self:
            names = [f'{bound.auto_id}_helptext'] if bound.help_text else []
            wrong = self.is_bound and bound.name in self.errors
            names += [f'{bound.auto_id}_error'] if wrong else []
            attrs = bound.field.widget.attrs
            if names:
                attrs['aria-describedby'] = ' '.join(names)
            if wrong:
                attrs['aria-invalid'] = 'true'
            bound.field.described = ' '.join(names)  # type: ignore[attr-defined]


def credential_fields(
    declared: Iterable[Credential], *, kept: Mapping[str, Any], all_optional: bool
) -> dict[str, forms.Field]:
    """By name. ``kept``: values that are there already: a secret one is never shown, and left as it is when
    nothing is typed; ``all_optional``: whoever made the form looks at what is missing."""
    fields: dict[str, forms.Field] = {}
    for credential in declared:
        if not credential.typed:
            continue
        has = bool(kept.get(credential.name))
        attrs = {'autocomplete': 'off', 'spellcheck': 'false'}
        widget = (
            forms.PasswordInput(attrs={**attrs, 'autocomplete': 'new-password'})
            if credential.secret and not credential.proposed
            else forms.TextInput(attrs=attrs)
        )
        help_text = _(credential.help_text) if credential.help_text else ''
        if has and credential.secret:
            keep = _('Already given; leave it empty to keep it.')
            help_text = f'{help_text} {keep}'.strip()
        fields[credential.name] = forms.CharField(
            label=_(credential.label),
            help_text=help_text,
            required=credential.required and not has and not all_optional,
            max_length=LONGEST,
            widget=widget,
            initial=_initial(credential, kept),
        )
    return fields


def _initial(credential: Credential, kept: Mapping[str, Any]) -> str:
    if credential.proposed and not kept.get(credential.name):
        return proposal()
    return '' if credential.secret else str(kept.get(credential.name) or '')


def proposal() -> str:
    """A random word of our own choice, which networks accept everywhere."""
    return secrets.token_urlsafe(18)


def of_scope(network: Network, scope: str) -> list[Credential]:
    return [item for item in network.credentials if item.scope == scope and item.typed]
