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


"""Finding what is held on one person, on all accounts of a network, by an identifier or from one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from publik_socialmedia.models import Contact, ContactIdentifier


def contacts(identifier: str, network: str = '') -> QuerySet[Contact]:
    """The persons who bear this identifier, as people write it: with or without « @ », spaces, « + ».

    Without ``network``, of all networks: the same number may be somebody else on another one.
    """
    known = ContactIdentifier.objects.filter(_is_any(spellings(identifier)))
    if network:
        known = known.filter(account__network=network)
    return _persons(known)


def same_persons(found: Iterable[Contact]) -> QuerySet[Contact]:
    """These, and those who bear one of their identifiers on other accounts of the same network."""
    own = ContactIdentifier.objects.filter(contact__in=list(found)).values_list('value', 'account__network')
    known = Q(pk__in=[])
    for value, network in own:
        known |= Q(value=value, account__network=network)
    return _persons(ContactIdentifier.objects.filter(known))


def spellings(identifier: str) -> set[str]:
    """How a network may write what a person writes so."""
    written = identifier.strip()
    found = {written, written.removeprefix('@'), f'@{written.removeprefix("@")}'}
    if re.fullmatch(r'\+?[\d\s().-]+', written):
        digits = re.sub(r'\D', '', written).removeprefix('00')
        if len(digits) == 10 and digits.startswith('0') and not written.startswith('+'):
            digits = f'33{digits[1:]}'  # as it is dialled in France
        found |= {digits, f'+{digits}'}
    return found - {'', '@', '+'}


def _persons(known: QuerySet[ContactIdentifier]) -> QuerySet[Contact]:
    found = Contact.objects.filter(pk__in=known.values('contact'), erased_at__isnull=True)
    found = found.select_related('account', 'conversation').defer('account__credentials')
    return found.order_by('account__network', 'account_id', 'pk')


def _is_any(values: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for value in values:
        found |= Q(value__iexact=value)
    return found
