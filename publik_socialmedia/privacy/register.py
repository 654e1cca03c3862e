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


"""The sheet of this processing for the register that GDPR article 30 wants, written from the real settings.

What only people know (who answers for it, on what grounds exactly) is marked as to be completed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publik_socialmedia import text
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.models import Account
from publik_socialmedia.privacy import retention
from publik_socialmedia.wcs.sites import sites
from publik_socialmedia.wcs.wording import network_label


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet. ``todo``: people have to complete it."""

    title: str
    lines: Sequence[str]
    todo: str = ''


def sections() -> list[Section]:
    """The sheet, in the order of the model of the CNIL."""
    accounts = list(Account.objects.listed())
    return [
        Section(
            _('Who answers for it'),
            [],
            todo=_('The authority, its representative, its data protection officer: names and addresses.'),
        ),
        Section(
            _('Purpose'),
            [
                _(
                    'To receive the private messages that people send to the authority on social networks, '
                    'to hand them to the services as demands, and to answer by the same way.'
                ),
                _('To count these exchanges, without naming anybody.'),
            ],
        ),
        Section(
            _('Lawfulness'),
            [
                _(
                    'Task carried out in the public interest (GDPR, article 6.1.e); relations between the '
                    'public and the administration (CRPA, articles L112-8 and following).'
                )
            ],
            todo=_('To be confirmed by the data protection officer.'),
        ),
        Section(_('Persons concerned'), [_('People who write to these accounts; agents who answer them.')]),
        Section(_('Accounts'), list(_accounts(accounts))),
        Section(_('Data'), list(_data())),
        Section(
            _('Who receives it'),
            list(_recipients(accounts)),
            todo=_(
                'Transfers outside the European Union: say for each network who runs it and under which '
                'guarantees.'
            ),
        ),
        Section(_('How long it is kept'), list(_durations(accounts))),
        Section(_('Security'), list(_security())),
        Section(
            _('Rights'),
            [
                _('Access and portability: « What is held on one person » exports everything as one file.'),
                _(
                    'Erasure: the same page erases one person everywhere here, and says which demands are to '
                    'be anonymised in w.c.s.; a proof is kept that does not say who it is about.'
                ),
                _('Requests passed on by a network are taken by themselves, where it has a way to do so.'),
            ],
        ),
    ]


def _accounts(accounts: Sequence[Account]) -> Iterator[str]:
    for account in accounts:
        yield _named(account)
    if not accounts:
        yield _('No account is connected yet.')


def _named(account: Account) -> str:
    return f'{network_label(account)} – {text.clean(str(account))}'


def _data() -> Iterator[str]:
    yield _('Identifiers of the person on the network, and the name shown there if the network gives it.')
    yield _('Messages, their attachments, reactions, times of delivery and reading.')
    yield _('The account of Publik, if the person linked it themselves.')
    yield _('Avatars, contacts, positions in public space and public messages are not collected.')
    yield _('People may write of their health, opinions or means: nothing asks them to, and such words are '
            'treated as the others.')  # fmt: skip


def _recipients(accounts: Sequence[Account]) -> Iterator[str]:
    yield _('The agents whose role opens these demands in w.c.s.; the administrators of this service.')
    known = sites()
    used = {account.wcs_site for account in accounts if account.wcs_site} or set(known)
    for slug in sorted(used & set(known)):
        yield _('w.c.s. « %(title)s » (%(url)s), which has its own sheet.') % {
            'title': known[slug].title,
            'url': known[slug].url,
        }
    labels = sorted({network_label(account) for account in accounts})
    if labels:
        yield _('The networks themselves, by which the messages come and go: %s.') % ', '.join(labels)


def _durations(accounts: Sequence[Account]) -> Iterator[str]:
    general = retention.of()
    yield _('Unless an account says otherwise: %s') % _delays(general)
    for account in accounts:
        own = retention.of(account)
        if own != general:
            yield _('%(what)s: %(value)s') % {'what': _named(account), 'value': _delays(own)}
    yield _('Attachments: until w.c.s. has them, %s days at most.') % app_settings.MEDIA_RETENTION_DAYS
    yield _('Persons that were blocked: their identifier, until they are unblocked or erased.')
    yield _('Journal of the administrators: %s months.') % app_settings.JOURNAL_RETENTION_MONTHS
    yield _('Proofs of erasure, which name nobody: %s months.') % app_settings.PROOF_RETENTION_MONTHS
    yield _('Keyed hashes of what was erased, so that nothing brings it back: %s days.') % (
        app_settings.TOMBSTONE_DAYS
    )
    yield _('Rows without words, names nor identifiers, for the statistics: no limit.')


def _delays(kept: retention.Retention) -> str:
    months = ngettext('%s month', '%s months', kept.months) % kept.months
    return _(
        'conversations %(months)s after their demand is closed; bodies as the networks sent them %(days)s '
        'days, %(unread)s if they could not be read.'
    ) % {'months': months, 'days': kept.raw_days, 'unread': kept.unread_days}


def _security() -> Iterator[str]:
    yield _('Bodies received and credentials are encrypted in the database (AES, authenticated).')
    if app_settings.ENCRYPTION_KEYS == (settings.SECRET_KEY,):
        yield _('Warning: no key of their own is set for this, see PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS.')
    yield _('Attachments are kept out of what the web server shows, and drawn anew if they are pictures.')
    if shutil.which('clamdscan'):
        yield _('An antivirus looks at each attachment.')
    else:
        yield _('No antivirus is installed on this server (clamdscan).')
    yield _('Calls of networks and of w.c.s. are signed and checked; connections are encrypted.')
    yield _('These pages are for administrators only; what they do is written in a journal. Agents read a '
            'conversation only from a demand that w.c.s. shows them.')  # fmt: skip
    yield _('Which administrator read which conversation is written in that journal, at most once an hour.')
    yield _('Technical logs hold no word, name, identifier nor token.')
