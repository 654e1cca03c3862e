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

"""Installing the form and the workflow in w.c.s., by its signed API.

Importing again upgrades: w.c.s. keeps what was changed on the form (roles, labels, required fields, title,
disabled or not), and takes the workflow as it comes, whatever was changed in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from django.utils.translation import gettext as _

from publik_socialmedia import errors
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import bundle, inspection
from publik_socialmedia.wcs.client import Client
from publik_socialmedia.wcs.inspection import Finding


class InstallationFailed(Exception):
    """w.c.s. did not take the bundle; the text is for administrators."""


@dataclass(frozen=True)
class Installed:
    """``findings``: what is left to do in w.c.s."""

    version: str
    findings: list[Finding]


def version() -> str:
    """The version of this software, '0' if it runs without being installed."""
    try:
        return metadata.version('publik-socialmedia')
    except metadata.PackageNotFoundError:
        return '0'


def install(client: Client, role: str = '') -> Installed:
    """Import the bundle, wait for the end, look at the result.

    ``role``: slug of the role that receives the demands, for a first import. Raises
    :class:`InstallationFailed`.
    """
    try:
        client.forms()  # a wrong secret, clock or address is told apart here, not by an import
        if role:
            _check_role(client, role)
        job = client.import_bundle(bundle.build(version(), role))
        if not job.done:
            raise InstallationFailed(_failure(job.status, job.failure))
        return Installed(version(), inspection.inspect(client, bundle.FORM))
    except errors.TemporaryError as error:
        raise InstallationFailed(
            _('w.c.s. does not answer at %s: try again later.') % client.site.url
        ) from error
    except errors.SocialMediaError as error:
        raise InstallationFailed(sentence(error.reason)) from error


def describe(finding: Finding) -> str:
    """A finding, for people."""
    return f'{sentence(finding.reason)} ({finding.detail})' if finding.detail else sentence(finding.reason)


def _check_role(client: Client, role: str) -> None:
    known = {found.slug: found for found in client.roles()}
    if role not in known:
        # w.c.s. would make a role that opens nothing, or leave a half of a form
        raise InstallationFailed(
            _('w.c.s. knows no role « %(role)s ». Create it first, or choose one of: %(known)s.')
            % {'role': role, 'known': ', '.join(sorted(known)) or _('none')}
        )


def _failure(status: str, label: str) -> str:
    if status != 'failed':
        return _('w.c.s. has not finished importing after two minutes: look at its jobs, then try again.')
    message = _('w.c.s. could not import the form and the workflow: %s') % (label or _('no reason given'))
    if 'rôle' in label.lower() or 'role' in label.lower():
        message = (
            message.rstrip('.')
            + '. '
            + _('Create the missing role in Publik, wait until it is deployed, then try again.')
        )
    return message
