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

"""The forms of what an administrator may set of an account (R7, R25, R53)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import acknowledgement
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.models import Account

LONGEST_WAIT = 3600  # seconds
MOST_DAYS = 90  # that are read again at once
_WIDE = {'rows': 6}


class DaysForm(AccessibleForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields['days'] = forms.IntegerField(
            label=_('Days to look back'),
            min_value=1,
            max_value=MOST_DAYS,
            help_text=_('Between 1 and %s. Nothing is imported by counting.') % MOST_DAYS,
        )


class SettingsForm(AccessibleForm):
    """Empty numbers mean the value of the site."""

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        self.account = account
        values = account.acknowledgement
        hours = values.get('hours') or [[]] * 7
        kwargs['initial'] = {
            'name': account.name,
            'grouping_delay': account.grouping_delay,
            'reopen_days': account.reopen_days,
            'enabled': values.get('enabled') is True,
            'only_closed': values.get('only_closed') is True,
            'service': values.get('service', ''),
            'text': values.get('text') or acknowledgement.default_text(),
            'text_closed': values.get('text_closed', ''),
            'closures': '\n'.join(values.get('closures') or ()),
            **{f'day-{rank}': ', '.join(slots) for rank, slots in enumerate(hours)},
        }
        super().__init__(*args, **kwargs)
        self.fields |= self._general() | self._acknowledgement()

    def _general(self) -> dict[str, forms.Field]:
        grouping = _(
            'Messages that follow the first one within this delay make one demand with it. 0: no wait. '
            'Empty: %s.'
        )
        reopen = _(
            'A message that comes later than this after the demand was closed opens a new one. Empty: %s.'
        )
        return {
            'name': forms.CharField(label=_('Name shown to agents'), max_length=250),
            'grouping_delay': forms.IntegerField(
                label=_('Grouping delay (seconds)'),
                help_text=grouping % app_settings.GROUPING_DELAY,
                min_value=0,
                max_value=LONGEST_WAIT,
                required=False,
            ),
            'reopen_days': forms.IntegerField(
                label=_('Re-opening delay (days)'),
                help_text=reopen % app_settings.REOPEN_DAYS,
                min_value=0,
                max_value=3650,
                required=False,
            ),
        }

    def _acknowledgement(self) -> dict[str, forms.Field]:
        names = ', '.join('{%s}' % name for name in acknowledgement.VARIABLES)
        fields: dict[str, forms.Field] = {
            'enabled': forms.BooleanField(label=_('Acknowledge each new demand by itself'), required=False),
            'only_closed': forms.BooleanField(label=_('Only outside opening hours'), required=False),
            'service': forms.CharField(label=_('Name of the service'), max_length=250, required=False),
            'text': forms.CharField(
                label=_('Text of the acknowledgement'),
                help_text=_('Variables: %s. A line whose variable is empty is left out.') % names,
                widget=forms.Textarea(attrs=_WIDE),
                required=False,
            ),
            'text_closed': forms.CharField(
                label=_('Text outside opening hours'),
                help_text=_('Empty: the same text.'),
                widget=forms.Textarea(attrs=_WIDE),
                required=False,
            ),
        }
        for rank in range(7):
            fields[f'day-{rank}'] = forms.CharField(
                label=_('Opening hours: %s') % str(WEEKDAYS[rank]).lower(),
                help_text=_('For example 08:30-12:00, 13:30-17:00. Empty: closed.') if rank == 0 else '',
                required=False,
            )
        fields['closures'] = forms.CharField(
            label=_('Closing days'),
            help_text=_('One by line: 2026-12-24, or 2026-12-24/2027-01-02. Public holidays are known.'),
            widget=forms.Textarea(attrs={'rows': 3}),
            required=False,
        )
        return fields

    @property
    def parts(self) -> list[tuple[str, list[BoundField]]]:
        """The fields under their headings."""
        general = list(self._general())
        others = [self[name] for name in self.fields if name not in general]
        return [
            (_('Demands'), [self[name] for name in general]),
            (_('Automatic acknowledgement'), others),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            acknowledgement.read(self.acknowledgement())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return cleaned

    def acknowledgement(self) -> dict[str, Any]:
        """As ``Account.acknowledgement`` keeps it. The text that we propose is not: it may get better."""
        typed = self.cleaned_data
        text = str(typed.get('text') or '').strip().replace('\r\n', '\n')
        hours = [_words(typed.get(f'day-{rank}'), ',') for rank in range(7)]
        values = {
            'enabled': bool(typed.get('enabled')),
            'only_closed': bool(typed.get('only_closed')),
            'service': typed.get('service') or '',
            'text': '' if text == acknowledgement.default_text() else text,
            'text_closed': str(typed.get('text_closed') or '').strip().replace('\r\n', '\n'),
            'hours': hours if any(hours) else [],
            'closures': _words(typed.get('closures'), '\n'),
        }
        return values if any(values.values()) else {}

    def apply(self) -> list[str]:
        """Keep it; the names of what changed."""
        account = self.account
        values = {name: self.cleaned_data[name] for name in ('name', 'grouping_delay', 'reopen_days')}
        values['acknowledgement'] = self.acknowledgement()
        changed = [name for name, value in values.items() if getattr(account, name) != value]
        for name in changed:
            setattr(account, name, values[name])
        account.save(update_fields=changed)
        return changed


def _words(value: Any, separator: str) -> list[str]:
    return [word.strip() for word in str(value or '').split(separator) if word.strip()]
