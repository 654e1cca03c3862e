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


"""What administrators type on the pages about personal data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.models import Account

MOST_DAYS = 365
MOST_MONTHS = 120


class PersonForm(AccessibleForm):
    """Who is looked for; sent by POST: an identifier has no place in an address, which is logged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields['identifier'] = forms.CharField(
            label=_('Identifier of the person on the network'),
            help_text=_('For example a telephone number, @name, a name with its server, or a number.'),
            max_length=512,
            widget=forms.TextInput(attrs={'autocomplete': 'off', 'spellcheck': 'false'}),
        )


class RetentionForm(AccessibleForm):
    """How long the data of an account is kept; an empty number means what the site says."""

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        self.account = account
        kwargs['initial'] = {
            'retention_months': account.retention_months,
            'raw_retention_days': account.raw_retention_days,
        }
        super().__init__(*args, **kwargs)
        self.fields['retention_months'] = forms.IntegerField(
            label=_('Months that conversations are kept after the demand is closed'),
            help_text=_('Then their words and files are erased here; w.c.s. has its own delays. Empty: %s.')
            % app_settings.CONVERSATION_RETENTION_MONTHS,
            min_value=1,
            max_value=MOST_MONTHS,
            required=False,
        )
        self.fields['raw_retention_days'] = forms.IntegerField(
            label=_('Days that what the network sent is kept as it came'),
            help_text=_('It serves to read messages again after a breakdown. Empty: %s.')
            % app_settings.RAW_RETENTION_DAYS,
            min_value=1,
            max_value=MOST_DAYS,
            required=False,
        )

    def save(self) -> None:
        for name in ('retention_months', 'raw_retention_days'):
            setattr(self.account, name, self.cleaned_data[name])
        Account.objects.filter(pk=self.account.pk).update(
            retention_months=self.account.retention_months,
            raw_retention_days=self.account.raw_retention_days,
        )
